"""The audit trail in the table, and the refused attempts on their way into it.

Entries have partition keys of their own (`AUDIT#…`), so that the table's policy can refuse them to every role but
the pipeline's. They are in two lists, of the tenant (or the one who may read them) and of the actor.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from switchyard.domain import clock
from switchyard.domain.audit import Entry
from switchyard.domain.changes import Difference
from switchyard.store import keys
from switchyard.store.table import Item

#: Seconds that the row of an attempt stays; the stream carries it on within one of them.
ATTEMPT_SECONDS = 86_400

_TEXT = (
    "id",
    "tenant_id",
    "track_id",
    "track_type",
    "owner",
    "at",
    "action",
    "outcome",
    "actor_id",
    "actor_kind",
    "source",
    "request_id",
    "operation",
    "previous_status",
    "new_status",
    "related_type",
    "related_id",
    "error_code",
)
_NUMBERS = ("version", "error_status")


def to_item(entry: Entry) -> Item:
    """Return the row of an entry with the keys of its lists."""
    pk, sk = keys.audit(entry.tenant_id, entry.track_id, entry.id)
    realm = keys.realm(entry.tenant_id, entry.owner)
    return {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "list": {"S": keys.listed(realm, "audit")},
        "by_assignee": {"S": keys.audit_by_actor(realm, entry.actor_id)},
        "rank": {"S": entry.id},
        **_fields(entry),
    }


def _fields(entry: Entry) -> Item:
    item: Item = {}
    for name in _TEXT:
        if (value := getattr(entry, name)) is not None:
            item[name] = {"S": value}
    for name in _NUMBERS:
        if (value := getattr(entry, name)) is not None:
            item[name] = {"N": str(value)}
    if entry.differences:
        shown = [asdict(each) for each in entry.differences]
        item["differences"] = {"S": json.dumps(shown, ensure_ascii=False, separators=(",", ":"))}
    return item


def from_item(item: Mapping[str, Any]) -> Entry:
    """Return the entry of a row."""
    fields: dict[str, Any] = {name: item[name]["S"] if name in item else None for name in _TEXT}
    fields |= {name: int(item[name]["N"]) if name in item else None for name in _NUMBERS}
    found = json.loads(item["differences"]["S"]) if "differences" in item else []
    return Entry(**fields, differences=[Difference(**each) for each in found])


def attempt(entry: Entry) -> Item:
    """The action by which an API function leaves a refused attempt for the pipeline: a row in no list."""
    pk, sk = keys.attempt(entry.tenant_id, entry.track_id, entry.request_id)
    expiry = {"N": str(clock.epoch() + ATTEMPT_SECONDS)}
    return {"Put": {"Item": {"pk": {"S": pk}, "sk": {"S": sk}, "expires_at": expiry, **_fields(entry)}}}


def entry_of_attempt(item: Mapping[str, Any]) -> Entry:
    """Return the entry of an attempt's row. Whatever the row says, it tells of a refusal and nothing else."""
    return replace(from_item(item), outcome="refused", version=None, differences=())
