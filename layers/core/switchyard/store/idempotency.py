"""Idempotency keys: a row beside the change it protects, in the same transaction, kept 24 hours."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from switchyard.domain import clock
from switchyard.store import keys
from switchyard.store.codec import row_key
from switchyard.store.table import Item

KEEP_SECONDS = 86_400
KEY_MAX = 255


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One use of a key by one actor. `fingerprint` is the SHA-256 of operation, path, query and body."""

    tenant_id: str
    actor_id: str
    key: str
    fingerprint: str

    @property
    def row_key(self) -> tuple[str, str]:
        return keys.idempotency(self.tenant_id, self.actor_id, self.key)


@dataclass(frozen=True, slots=True)
class Remembered:
    """The first answer that was given under a key."""

    fingerprint: str
    status: int
    headers: Mapping[str, str]
    body: str


def remember(use: KeyUse, status: int, headers: Mapping[str, str], body: str) -> Item:
    """The action that keeps an answer under its key; refused while an unexpired row is there."""
    now = clock.epoch()
    return {
        "Put": {
            "Item": {
                **row_key(use.row_key),
                "fingerprint": {"S": use.fingerprint},
                "status": {"N": str(status)},
                "headers": {"S": json.dumps(dict(headers))},
                "body": {"S": body},
                "expires_at": {"N": str(now + KEEP_SECONDS)},
            },
            "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
            "ExpressionAttributeValues": {":now": {"N": str(now)}},
        }
    }


def recall(row: Mapping[str, Any] | None) -> Remembered | None:
    """Return what a row remembers; None when there is none or its time is over (TTL deletes late)."""
    if not row or int(row["expires_at"]["N"]) <= clock.epoch():
        return None
    headers = json.loads(row["headers"]["S"])
    return Remembered(row["fingerprint"]["S"], int(row["status"]["N"]), headers, row["body"]["S"])
