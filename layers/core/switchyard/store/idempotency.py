"""Idempotency keys: a row beside the change it protects, in the same transaction, kept 24 hours.

An item has at most 400 KB, names included, and a transaction 4 MB (developer guide, "Quotas"). So a longer answer is
kept in several rows.
"""

import json
from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock
from switchyard.domain.errors import IdempotencyConflict
from switchyard.domain.structs import Struct
from switchyard.store import keys
from switchyard.store.codec import row_key
from switchyard.store.packing import compressed, expanded
from switchyard.store.table import Item, Table

KEEP_SECONDS = 86_400
KEY_MAX = 255
#: Characters of an answer that one row keeps, of at most 4 bytes each.
PART_MAX = 90_000


class KeyUse(Struct):
    """One use of a key by one actor. `fingerprint` is the SHA-256 of operation, path, query and body."""

    tenant_id: str
    actor_id: str
    key: str
    fingerprint: str

    @property
    def row_key(self) -> tuple[str, str]:
        return keys.idempotency(self.tenant_id, self.actor_id, self.key)


class Remembered(Struct):
    """The first answer that was given under a key."""

    status: int
    headers: Mapping[str, str]
    body: str


def remember(use: KeyUse, status: int, headers: Mapping[str, str], body: str) -> list[Item]:
    """The actions that keep an answer under its key; the last one is refused while an unexpired row is there."""
    now = clock.epoch()
    first, *rest = [body[start : start + PART_MAX] for start in range(0, len(body), PART_MAX)] or [""]
    expiry = {"expires_at": {"N": str(now + KEEP_SECONDS)}}
    parts = [
        {**row_key(key), "body": compressed(text), **expiry}
        for key, text in zip(_part_keys(use, len(rest)), rest, strict=True)
    ]
    item = {
        **row_key(use.row_key),
        "fingerprint": {"S": use.fingerprint},
        "status": {"N": str(status)},
        "headers": {"S": json.dumps(dict(headers))},
        "body": compressed(first),
        **({"parts": {"N": str(len(rest))}} if rest else {}),
        **expiry,
    }
    condition = {
        "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
        "ExpressionAttributeValues": {":now": {"N": str(now)}},
    }
    return [*({"Put": {"Item": each}} for each in parts), {"Put": {"Item": item, **condition}}]


class Replay(Exception):
    """The key was used before for this very request: its first answer is given again."""

    def __init__(self, remembered: Remembered) -> None:
        super().__init__("replay")
        self.remembered = remembered


def refuse_reuse(table: Table, use: KeyUse, row: Mapping[str, Any] | None) -> None:
    """Raise Replay when the key's row, as it was read, remembers this request, IdempotencyConflict for another one.

    1 round trip for an answer that is kept in several rows, else none. TTL deletes late: a row whose time is over
    counts no longer.
    """
    if not row or int(row["expires_at"]["N"]) <= clock.epoch():
        return
    if row["fingerprint"]["S"] != use.fingerprint:
        raise IdempotencyConflict(use.key)
    part_keys = _part_keys(use, int(row["parts"]["N"])) if "parts" in row else []
    parts = table.get_many(part_keys)
    body = "".join(expanded(each["body"]) for each in (row, *(parts[key] for key in part_keys)))
    headers = json.loads(row["headers"]["S"])
    raise Replay(Remembered(int(row["status"]["N"]), headers, body))


def _part_keys(use: KeyUse, count: int) -> list[tuple[str, str]]:
    return [keys.idempotency(use.tenant_id, use.actor_id, use.key, part) for part in range(1, count + 1)]
