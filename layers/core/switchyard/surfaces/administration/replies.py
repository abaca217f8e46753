"""What the administration surface answers, as documented in docs/openapi.json."""

from typing import Literal

from switchyard.domain.tenants import AutoRun, UnknownProjects
from switchyard.surfaces.outputs import CamelShown


class TokenActor(CamelShown):
    id: str  #: The actor's id in the tenant.
    kind: Literal["user", "agent"]  #: Whether a person acts or an agent.
    name: str  #: How lists show the actor.
    number: int  #: The tenant's number of the actor, counted up from 1; the projects surface shows it as the user's id.


class MeShown(CamelShown):
    """`workspaceId` is the tenant's id."""

    workspace_id: str  #: The tenant that the token opens.
    actor: TokenActor  #: Who acts with the token.
    scopes: list[str]  #: What the token may do.
    token_id: str  #: Id of the token, by which it can be revoked.


class TokenShown(CamelShown):
    id: str  #: The token's id; it is no secret.
    actor: TokenActor  #: Who acts with it.
    scopes: list[str]  #: What it may do.
    status: Literal["active", "expired", "revoked"]  #: Whether it is accepted now, and if not, why.
    created_at: str  #: When it was created: an instant in UTC.
    created_by: str  #: Id of the actor who created it.
    expires_at: str | None  #: When it ends: an instant in UTC; null for never.
    revoked_at: str | None  #: When it was revoked: an instant in UTC; null if it was not.
    revoked_by: str | None  #: Id of the actor who revoked it.


class TokenCreated(TokenShown):
    """`token` is the secret, shown once: null when the same idempotency key is sent again."""

    token: str | None  #: The secret, shown this once; null when the same idempotency key is sent again.
    notice: str  #: Reminds people to keep the secret.


class TokenPage(CamelShown):
    items: list[TokenShown]  #: The page's entries, in the list's order.
    next_cursor: str | None  #: `cursor` of the next page; null at the end of the list.


class TenantShown(CamelShown):
    id: str  #: The tenant's id.
    name: str  #: Its name, for people.
    created_at: str  #: When it was created: an instant in UTC.
    auto_run: AutoRun  #: Which ready tasks get a run by themselves: none, or those assigned to an agent.
    #: Whether tracks may be put into projects that the tenant does not have, with a warning, or may not.
    unknown_projects: UnknownProjects


class ProjectShown(CamelShown):
    id: str  #: The project's UUID, for paths and scopes.
    number: int  #: Its number in the tenant, counted up from 1, for paths.
    name: str  #: Its name, for people.
    created_at: str  #: When it was created: an instant in UTC.
    created_by: str  #: Id of the actor who created it.
    archived_at: str | None  #: When it was archived; null while it goes on.


class MemberShown(TokenActor):
    created_at: str  #: When the tenant came to know the actor.


class MemberPage(CamelShown):
    items: list[MemberShown]  #: The page's entries, in the order of their ids.
    next_cursor: str | None  #: `cursor` of the next page; null at the end of the list.


class ProjectPage(CamelShown):
    items: list[ProjectShown]  #: The page's entries, in the list's order.
    next_cursor: str | None  #: `cursor` of the next page; null at the end of the list.
