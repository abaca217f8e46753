"""What the sessions surface answers, as documented in docs/openapi.json."""

from typing import Literal

from switchyard.surfaces.outputs import CamelShown


class WhoActs(CamelShown):
    id: str  #: The actor's id in the tenant.
    kind: Literal["user", "agent"]  #: Whether a person acts or an agent.
    name: str  #: How lists show the actor.


class WhereTo(CamelShown):
    id: str  #: The tenant's id.
    name: str  #: Its name, for people.


class SessionShown(CamelShown):
    """`browser`: what it said of itself when it signed in. `current`: the one that asks.

    `client`: the client_id of a program that was connected by OAuth, whose name `browser` is; null for a browser.
    """

    id: str  #: The session's id; it is no secret.
    actor: WhoActs  #: Who signed in.
    browser: str  #: What the browser said of itself when it signed in.
    client: str | None  #: The client_id of a program that was connected by OAuth; null for a browser.
    status: Literal["active", "expired", "revoked"]  #: Whether it is accepted now, and if not, why.
    current: bool  #: Whether this is the session that asks.
    created_at: str  #: When it was created: an instant in UTC.
    expires_at: str | None  #: When it ends: an instant in UTC; null for never.


class WhoAmI(CamelShown):
    """`session` is null for a caller with a token."""

    actor: WhoActs  #: Who acts.
    tenant: WhereTo  #: Where.
    scopes: list[str]  #: What the caller may do.
    session: SessionShown | None  #: The browser's session; null for a caller with a token.


class SessionPage(CamelShown):
    items: list[SessionShown]  #: The page's entries, in the list's order.
    next_cursor: str | None  #: `cursor` of the next page; null at the end of the list.
