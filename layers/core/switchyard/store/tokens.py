"""Tokens in the table: found by the SHA-256 of the secret, which is itself never stored."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock
from switchyard.domain.actors import Actor
from switchyard.domain.structs import Struct
from switchyard.store import keys
from switchyard.store.codec import NEW, THERE, Codec, expiry, row_key
from switchyard.store.packing import SHARDS, TEXT
from switchyard.store.table import Item, Table

#: Seconds that a revoked or expired token's row stays, so that an administrator can still see it.
KEEP_SECONDS = 30 * 86_400


class TokenRow(Struct):
    """What is known of a token. `expires_at` is an instant, or None for a token without an end.

    `created_by` and `revoked_by` are the ids of the actors who did so. A session is a token that a browser keeps in a
    cookie: `session` names the browser (None: no session), `parent` is the digest of the token that it was made from,
    without which it opens nothing (None: made from a sign-in link). A program that was connected by OAuth has such a
    session too, whose secret nobody has: its access tokens are made from it. `client` is the program's id. `resource`
    is the path that they open, and what is below it (None: all).
    """

    id: str
    digest: str
    actor: Actor
    created_at: str
    expires_at: str | None
    revoked_at: str | None = None
    created_by: str = ""
    revoked_by: str | None = None
    session: str | None = None
    parent: str | None = None
    client: str | None = None
    resource: str | None = None
    #: Until when the token is refused, as its tenant used more than its limit.
    limited_until: str | None = None

    @property
    def usable(self) -> bool:
        """Return, by the clock, whether the token opens anything now."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > clock.now())


def actor_item(actor: Actor) -> Item:
    """Return the attributes in which a row keeps who acts by it."""
    shards = SHARDS.write(actor.shards)
    return {
        **({"shards": shards} if shards else {}),
        "tenant_id": {"S": actor.tenant_id},
        "actor_id": {"S": actor.id},
        "actor_kind": {"S": actor.kind},
        "actor_name": {"S": actor.name},
        "actor_number": {"N": str(actor.number)},
        "scopes": {"L": [{"S": scope} for scope in sorted(actor.scopes)]},
    }


def actor_from(item: Mapping[str, Any]) -> Actor:
    """Return who acts by a row; `token_id` is the row's own id, where it has one."""
    return Actor(
        tenant_id=item["tenant_id"]["S"],
        id=item["actor_id"]["S"],
        kind="agent" if item["actor_kind"]["S"] == "agent" else "user",
        scopes=frozenset(scope["S"] for scope in item["scopes"]["L"]),
        token_id=item["id"]["S"] if "id" in item else "",
        name=item["actor_name"]["S"],
        number=int(item["actor_number"]["N"]),
        **({"shards": SHARDS.read(item["shards"])} if "shards" in item else {}),
    )


def _beside(row: TokenRow) -> Item:
    """Return the actor, and when the row goes."""
    return actor_item(row.actor) | _gone_at(row)


def _gone_at(row: TokenRow) -> Item:
    """Return when the row goes: an access token of OAuth, which is in no list, when it ends."""
    if row.expires_at is None:
        return {}
    is_access = row.client is not None and row.session is None
    return {"expires_at": expiry(row.expires_at, 0 if is_access else KEEP_SECONDS)}


def _list_of(row: TokenRow) -> str | None:
    if row.session is not None:
        return keys.listed(row.actor.tenant_id, "session")
    return None if row.client is not None else keys.listed(row.actor.tenant_id, "token")


def restore_actor(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return who acts by a row, for the codec of an entity that keeps that in `actor`."""
    return {"actor": actor_from(item)}


ROWS = Codec(
    TokenRow,
    lambda row: keys.token(row.digest),
    # The attribute `expires_at` is the time to live of the row.
    columns={"expires_at": TEXT._replace(attribute="valid_until")},
    index_keys=lambda row: {"list": _list_of(row)},
    beside=_beside,
    apart=("actor",),
    restore=restore_actor,
)
to_item, from_item = ROWS.to_item, ROWS.from_item


def find(table: Table, digest: str) -> TokenRow | None:
    """Read the row of a token: 1 round trip."""
    item = table.get(*keys.token(digest))
    return from_item(item) if item else None


def find_digest(table: Table, tenant_id: str, token_id: str) -> str | None:
    """Read the digest of a tenant's token by its public id: 1 round trip."""
    item = table.get(*keys.token_id(tenant_id, token_id))
    return item["digest"]["S"] if item else None


# ---------------------------------------------------------------- writes


def put(row: TokenRow) -> list[Item]:
    """The actions that add a token, and the row that finds it by its public id."""
    pointer = row_key(keys.token_id(row.actor.tenant_id, row.id)) | {"digest": {"S": row.digest}}
    pointer |= _gone_at(row)
    return [ROWS.put(row, NEW), {"Put": {"Item": pointer, **NEW}}]


def revoke(tenant_id: str, token_id: str, digest: str, by: str) -> list[Item]:
    """The actions that end a token; one that is revoked already keeps its first date."""
    now = clock.now()
    values = {":kept": expiry(now, KEEP_SECONDS)}
    token = {
        "UpdateExpression": "SET revoked_at = if_not_exists(revoked_at, :now), "
        "revoked_by = if_not_exists(revoked_by, :by), expires_at = :kept",
        **THERE,
        "ExpressionAttributeValues": values | {":now": {"S": now}, ":by": {"S": by}},
    }
    pointer = {
        "UpdateExpression": "SET expires_at = :kept",
        **THERE,
        "ExpressionAttributeValues": values,
    }
    return _both(tenant_id, token_id, digest, token, pointer)


def extend(row: TokenRow, until: str) -> list[Item]:
    """The actions that give a session another end, unless it was revoked or ended meanwhile."""
    kept = expiry(until, KEEP_SECONDS)
    token = {
        "UpdateExpression": "SET valid_until = :until, expires_at = :kept",
        "ConditionExpression": "attribute_not_exists(revoked_at) AND valid_until > :now",
        "ExpressionAttributeValues": {
            ":until": {"S": until},
            ":kept": kept,
            ":now": {"S": clock.now()},
        },
    }
    pointer = {
        "UpdateExpression": "SET expires_at = :kept",
        **THERE,
        "ExpressionAttributeValues": {":kept": kept},
    }
    return _both(row.actor.tenant_id, row.id, row.digest, token, pointer)


def _both(tenant_id: str, token_id: str, digest: str, token: Item, pointer: Item) -> list[Item]:
    rows = ((keys.token(digest), token), (keys.token_id(tenant_id, token_id), pointer))
    return [{"Update": {"Key": row_key(key), **params}} for key, params in rows]
