"""How the administration surface shows tokens, projects and tenants. A token's digest is never shown."""

from typing import Any

from switchyard.domain.actors import Actor
from switchyard.domain.tenants import Member, Project, Tenant
from switchyard.store.tokens import TokenRow


def me(actor: Actor) -> dict[str, Any]:
    """Return what a token tells of its holder."""
    return {
        "workspaceId": actor.tenant_id,
        "actor": {"id": actor.id, "kind": actor.kind, "name": actor.name, "number": actor.number},
        "scopes": sorted(actor.scopes),
        "tokenId": actor.token_id,
    }


def token(row: TokenRow) -> dict[str, Any]:
    """Return a token without its secret."""
    actor = row.actor
    status = "active" if row.usable else "revoked" if row.revoked_at else "expired"
    return {
        "id": row.id,
        "actor": {"id": actor.id, "kind": actor.kind, "name": actor.name, "number": actor.number},
        "scopes": sorted(actor.scopes),
        "status": status,
        "createdAt": row.created_at,
        "createdBy": row.created_by,
        "expiresAt": row.expires_at,
        "revokedAt": row.revoked_at,
        "revokedBy": row.revoked_by,
    }


def project(found: Project) -> dict[str, Any]:
    """Return a project."""
    return {
        "id": found.id,
        "number": found.number,
        "name": found.name,
        "createdAt": found.created_at,
        "createdBy": found.created_by,
        "archivedAt": found.archived_at,
    }


def member(found: Member) -> dict[str, Any]:
    """Return an actor as the directory has it."""
    return {
        "id": found.id,
        "kind": found.kind,
        "name": found.name,
        "number": found.number,
        "createdAt": found.created_at,
    }


def settings(found: Tenant) -> dict[str, Any]:
    """Return a tenant with its settings, as its own administrators see it."""
    return {**tenant(found), "autoRun": found.auto_run or "off", "unknownProjects": found.unknown_projects or "warn"}


def tenant(found: Tenant) -> dict[str, Any]:
    """Return a tenant."""
    return {"id": found.id, "name": found.name, "createdAt": found.created_at}
