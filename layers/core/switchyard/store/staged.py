"""Staged artifacts in the table: a row for each, beside its task, until a run takes it or its time is over."""

import json
from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock
from switchyard.domain.artifacts import Entry
from switchyard.store import keys
from switchyard.store.codec import THERE, row_key, to_json
from switchyard.store.table import Item


def put(tenant_id: str, task_id: str, entry: Entry, expires_at: int) -> Item:
    """The action that stages an artifact until an instant (epoch, seconds); again, if it was staged before."""
    return {
        "Put": {
            "Item": {
                **row_key(keys.staged(tenant_id, task_id, entry["id"])),
                "entry": {"S": to_json(entry)},
                "expires_at": {"N": str(expires_at)},
            }
        }
    }


def entry_of(row: Mapping[str, Any] | None) -> Entry | None:
    """Return the manifest entry of a row; None when there is none or its time is over (TTL deletes late)."""
    if not row or int(row["expires_at"]["N"]) <= clock.epoch():
        return None
    entry: Entry = json.loads(row["entry"]["S"])
    return entry


def take(tenant_id: str, task_id: str, artifact_id: str) -> Item:
    """The action that takes a staged artifact away: only one of several that try it goes through."""
    return {"Delete": {"Key": row_key(keys.staged(tenant_id, task_id, artifact_id)), **THERE}}
