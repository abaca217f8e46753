"""What the administration surface changes: from a validated body to the ledger, and back to the answer."""

from typing import Any

from switchyard.domain.tenants import Settings
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.operation import OWN
from switchyard.ledger import administration
from switchyard.surfaces.administration import present
from switchyard.surfaces.administration.models import CreateProject, CreateToken, UpdateProject, UpdateTenant

_ONCE = "Keep the token now: it is not shown again."
_SHOWN = "The token was shown in the first answer alone. If it is lost, revoke this one and create another."

#: What a new project and a new token show beside what the body says.
NEW_PROJECT = {**dict.fromkeys(("id", "number", "createdAt", "createdBy"), OWN), "archivedAt": None}
NEW_TOKEN = {
    **dict.fromkeys(("id", "status", "createdAt", "createdBy", "revokedAt", "revokedBy"), OWN),
    "actor": {"name": None, "number": OWN},
    "expiresAt": None,
}


def create_token(call: Call[CreateToken]) -> Reply:
    """Answer a CreateToken body. The secret is not kept under the idempotency key: a replay has null instead."""
    body = call.body
    actor = body.actor
    row, secret = administration.issue_token(
        call.unit, actor.id, actor.kind, body.scopes, body.expires_at, actor.name or ""
    )
    shown = present.token(row)
    first, later = {"token": secret, "notice": _ONCE}, {"token": None, "notice": _SHOWN}
    return Reply(201, {**shown, **first}, kept={**shown, **later})


def revoke_token(call: Call) -> Reply:
    """Answer a revocation by the token's public id."""
    administration.revoke_token(call.unit, call.path_id())
    return Reply(204)


def wanted_settings(body: UpdateTenant) -> Settings:
    """Return the settings of an UpdateTenant body; None for those that are absent."""
    return Settings(body.auto_run, body.unknown_projects)


def update_tenant(call: Call[UpdateTenant]) -> Reply:
    """Answer an UpdateTenant body."""
    return Reply(200, present.settings(administration.change_tenant(call.unit, wanted_settings(call.body))))


def shown_tenant(call: AnyCall) -> dict[str, Any]:
    """Return what the caller's tenant shows."""
    return present.settings(administration.find_tenant(call.unit))


def update_project(call: Call[UpdateProject]) -> Reply:
    """Answer an UpdateProject body."""
    body = call.body
    found = administration.change_project(call.unit, call.path_id(), body.name, body.archived)
    return Reply(200, present.project(found))


def shown_project(call: AnyCall) -> dict[str, Any]:
    """Return what the project of the path shows."""
    return present.project(administration.find_project(call.unit, call.path_id()))


def create_project(call: Call[CreateProject]) -> Reply:
    """Answer a CreateProject body."""
    body = call.body
    return Reply(201, present.project(administration.create_project(call.unit, body.name)))
