"""Tokens in the table: found by the SHA-256 of the secret, which is itself never stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from switchyard.domain import clock
from switchyard.domain.actors import Actor
from switchyard.store import keys
from switchyard.store.table import Item, Table

#: Seconds that a revoked or expired token's row stays, so that an administrator can still see it.
KEEP_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class TokenRow:
    """What is known of a token. `expires_at` is an instant, or None for a token without an end."""

    id: str
    digest: str
    actor: Actor
    created_at: str
    expires_at: str | None
    revoked_at: str | None

    @property
    def usable(self) -> bool:
        """Tell by the clock whether the token opens anything now."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > clock.now())


def to_item(row: TokenRow) -> Item:
    pk, sk = keys.token(row.digest)
    actor = row.actor
    item: Item = {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "list": {"S": keys.listed(actor.tenant_id, "token")},
        "id": {"S": row.id},
        "digest": {"S": row.digest},
        "tenant_id": {"S": actor.tenant_id},
        "actor_id": {"S": actor.id},
        "actor_kind": {"S": actor.kind},
        "actor_name": {"S": actor.name},
        "scopes": {"L": [{"S": scope} for scope in sorted(actor.scopes)]},
        "created_at": {"S": row.created_at},
    }
    if row.expires_at:
        item["valid_until"] = {"S": row.expires_at}
    if row.revoked_at:
        item["revoked_at"] = {"S": row.revoked_at}
    return item


def from_item(item: Mapping[str, Any]) -> TokenRow:
    actor = Actor(
        tenant_id=item["tenant_id"]["S"],
        id=item["actor_id"]["S"],
        kind="agent" if item["actor_kind"]["S"] == "agent" else "user",
        scopes=frozenset(scope["S"] for scope in item["scopes"]["L"]),
        token_id=item["id"]["S"],
        name=item["actor_name"]["S"],
    )
    return TokenRow(
        item["id"]["S"],
        item["digest"]["S"],
        actor,
        item["created_at"]["S"],
        item.get("valid_until", {}).get("S"),
        item.get("revoked_at", {}).get("S"),
    )


def find(table: Table, digest: str) -> TokenRow | None:
    """Read the row of a token: 1 round trip."""
    item = table.get(*keys.token(digest))
    return from_item(item) if item else None
