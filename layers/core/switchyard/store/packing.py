"""Rows whose fields lie together in one attribute, so that an index can copy what a list shows and nothing else.

DynamoDB copies at most 20 named attributes into an index, and 100 into all indexes of a table (API reference,
Projection). A packed row has its fields as JSON in `fields`, an index copies that, and what changes all the time stays
beside it in the table alone: a heartbeat writes to no index.
"""

import json
from collections.abc import Mapping
from typing import Any

from switchyard.store.indexes import FIELDS, SECONDARY, TABLE

Item = dict[str, Any]

#: What is written on its own, without a new version of the row. Not in `fields`.
MOVING = frozenset(
    {
        "version",
        "holder",
        "fence",
        "lease_until",
        "lease_listed",
        "lease_seconds",
        "heartbeat_at",
        "wait_step",
        "wait_token",
        "open_dependencies",
        "next_number",
        "tasks_total",
        "tasks_done",
        "expires_at",
    }
)
#: What conditions of other rows' writes, and filters of indexes without `fields`, ask for. In `fields` as well.
ASKED = frozenset({"type", "status", "owner", "deleted_at", "project_ids", "depends_on", "due"})
#: The keys of the table and of its indexes.
KEYS = frozenset(name for each in (TABLE, *SECONDARY) for name in (each.partition, each.sort))
#: All that a packed row may have beside its fields.
BESIDE = MOVING | ASKED | KEYS
#: An index's copy of a row that has one of these is behind the row: it does not hold the end of a lease.
BEHIND = "holder"

#: What is JSON as an attribute too: within `fields` it is part of theirs.
_JSON = frozenset({"artifacts", "differences", "ext", "metadata", "output", "state"})
#: The names within `fields` that are not the attribute's own: each byte of a row is in all of its indexes.
SHORT = {
    "actor_id": "ai",
    "actor_kind": "ak",
    "assignee": "as",
    "assignee_type": "ay",
    "changed_by": "cb",
    "changed_by_kind": "ck",
    "changed_operation": "co",
    "changed_request": "cr",
    "changed_source": "cs",
    "completed_at": "da",
    "created_at": "ma",
    "created_by": "mb",
    "created_by_name": "mn",
    "created_by_number": "mo",
    "description": "d",
    "depends_on": "do",
    "differences": "df",
    "dispatched_at": "di",
    "environment": "en",
    "goal_id": "g",
    "idle_seconds": "is",
    "last_agent": "la",
    "latest_run_id": "li",
    "latest_run_status": "ls",
    "new_status": "ns",
    "old_status": "os",
    "operation": "op",
    "outcome": "oc",
    "parent_id": "pa",
    "pickup_seconds": "ps",
    "priority": "p",
    "project_id": "pj",
    "project_ids": "pi",
    "repository": "re",
    "repository_name": "rn",
    "request_id": "rq",
    "run_count": "rc",
    "started_at": "sa",
    "status": "s",
    "timeout_seconds": "ts",
    "title": "t",
    "track_type": "tt",
    "type": "y",
    "updated_at": "u",
}
_LONG = {short: name for name, short in SHORT.items()}

#: Made once: json.dumps makes an encoder for each call.
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pack(item: Item) -> Item:
    """Return a row with its fields together. The tenant is in its key: it is left out where the key begins with it."""
    packed = {name: value for name, value in item.items() if name in BESIDE}
    fields = {
        SHORT.get(name, name): json.loads(value["S"]) if name in _JSON else _plain(value)
        for name, value in item.items()
        if name not in MOVING and name not in KEYS
    }
    if item["pk"]["S"].partition("#")[0] == fields.get("tenant_id"):
        del fields["tenant_id"]
    # In order: the same row is the same text, whichever process writes it.
    return {**packed, FIELDS: {"S": encode(dict(sorted(fields.items())))}}


def unpack(item: Mapping[str, Any]) -> Item:
    """Return a row with each field as an attribute: a packed one, or one that is so already.

    What a packed row has beside its fields and the known attributes is left from its time before it was packed.
    """
    if FIELDS not in item:
        return item if isinstance(item, dict) else dict(item)
    found = {name: value for name, value in item.items() if name in MOVING or name in KEYS}
    tenant, _, of = item["pk"]["S"].partition("#")
    found["tenant_id"] = {"S": tenant}
    if "id" not in found:  # an index that is not sorted by it
        found["id"] = {"S": item["sk"]["S"].partition("#")[2] or of}
    for short, value in json.loads(item[FIELDS]["S"]).items():
        name = _LONG.get(short, short)
        found[name] = {"S": encode(value)} if name in _JSON else _typed(value)
    return found


def is_whole(copy: Mapping[str, Any]) -> bool:
    """Tell whether an index's copy of a row shows the row as it is."""
    return FIELDS in copy and BEHIND not in copy


def _plain(value: Item) -> Any:
    ((kind, held),) = value.items()
    if kind == "N":
        return int(held)
    return [each["S"] for each in held] if kind == "L" else held


def _typed(value: Any) -> Item:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"L": [{"S": each} for each in value]}
