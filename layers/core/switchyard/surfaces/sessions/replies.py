"""What the sessions surface answers, as documented in docs/openapi.json."""

from typing import Literal

from switchyard.surfaces.outputs import CamelShown


class WhoActs(CamelShown):
    id: str
    kind: Literal["user", "agent"]
    name: str


class WhereTo(CamelShown):
    id: str
    name: str


class SessionShown(CamelShown):
    """`browser`: what it said of itself when it signed in. `current`: the one that asks.

    `client`: the client_id of a program that was connected by OAuth, whose name `browser` is; null for a browser.
    """

    id: str
    actor: WhoActs
    browser: str
    client: str | None
    status: Literal["active", "expired", "revoked"]
    current: bool
    created_at: str
    expires_at: str | None


class WhoAmI(CamelShown):
    """`session` is null for a caller with a token."""

    actor: WhoActs
    tenant: WhereTo
    scopes: list[str]
    session: SessionShown | None


class SessionPage(CamelShown):
    items: list[SessionShown]
    next_cursor: str | None
