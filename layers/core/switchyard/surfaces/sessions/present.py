"""How the sessions surface shows sessions. No digest is ever shown."""

from typing import Any

from switchyard.domain.actors import Actor
from switchyard.store.tokens import TokenRow


def session(row: TokenRow, asking: str) -> dict[str, Any]:
    """Return a session; `asking` is the id of the one that asks."""
    return {
        "id": row.id,
        "actor": actor(row.actor),
        "browser": row.session or "unknown",
        "client": row.client,
        "status": "active" if row.usable else "revoked" if row.revoked_at else "expired",
        "current": row.id == asking,
        "createdAt": row.created_at,
        "expiresAt": row.expires_at,
    }


def who(acting: Actor, tenant_name: str, row: TokenRow | None) -> dict[str, Any]:
    """Return who asks, and where."""
    return {
        "actor": actor(acting),
        "tenant": {"id": acting.tenant_id, "name": tenant_name},
        "scopes": sorted(acting.scopes),
        "session": session(row, acting.token_id) if row else None,
    }


def actor(acting: Actor) -> dict[str, Any]:
    """Return an actor."""
    return {"id": acting.id, "kind": acting.kind, "name": acting.name or acting.id}
