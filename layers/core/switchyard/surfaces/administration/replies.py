"""What the administration surface answers, as documented in docs/openapi.json."""

from typing import Literal

from switchyard.domain.tenants import AutoRun
from switchyard.surfaces.outputs import CamelShown


class TokenActor(CamelShown):
    id: str
    kind: Literal["user", "agent"]
    name: str
    number: int


class MeShown(CamelShown):
    """`workspaceId` is the tenant's id."""

    workspace_id: str
    actor: TokenActor
    scopes: list[str]
    token_id: str


class TokenShown(CamelShown):
    id: str
    actor: TokenActor
    scopes: list[str]
    status: Literal["active", "expired", "revoked"]
    created_at: str
    created_by: str
    expires_at: str | None
    revoked_at: str | None
    revoked_by: str | None


class TokenCreated(TokenShown):
    """`token` is the secret, shown once: null when the same idempotency key is sent again."""

    token: str | None
    notice: str


class TokenPage(CamelShown):
    items: list[TokenShown]
    next_cursor: str | None


class TenantShown(CamelShown):
    id: str
    name: str
    created_at: str
    auto_run: AutoRun


class ProjectShown(CamelShown):
    id: str
    number: int
    name: str
    created_at: str
    created_by: str


class ProjectPage(CamelShown):
    items: list[ProjectShown]
    next_cursor: str | None
