"""Rows whose fields lie together in one attribute, so that an index can copy what a list shows and nothing else.

DynamoDB copies at most 20 named attributes into an index, and 100 into all indexes of a table (API reference,
Projection). A packed row has its fields as JSON in `fields`, an index copies that, and what changes all the time stays
beside it in the table alone: a heartbeat writes to no index.
"""

import json
from collections.abc import Callable, Mapping, Sequence
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
#: What is not among the fields, and all that a packed row may have beside them.
APART = MOVING | KEYS
BESIDE = APART | ASKED
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


class Form:
    """How the columns of one kind of entity lie in packed rows, without a step between: a list reads many of them.

    `texts` are the columns that are texts; `writers`, `readers` and `takers` are those of the others, as the codec has
    them.
    """

    def __init__(
        self,
        texts: Sequence[str],
        writers: Sequence[tuple[str, str, Callable[[Any], Item | None]]],
        readers: Mapping[str, tuple[str, Callable[[Item], Any]]],
        takers: Mapping[str, tuple[str, Callable[[Any], Any]]],
    ) -> None:
        self._texts, self._writers, self._readers, self._takers = frozenset(texts), writers, readers, takers
        self._within = [(name, SHORT.get(name, name)) for name in texts if name not in APART]
        self._beside = [name for name in texts if name in BESIDE]

    def write(self, item: Item, values: Mapping[str, Any], more: Item) -> None:
        """Add the values of all columns, and `more` attributes, to a row that has its key."""
        fields = {}
        for name, short in self._within:
            if (text := values[name]) is not None:
                fields[short] = text
        for name in self._beside:
            if (text := values[name]) is not None:
                item[name] = {"S": text}
        for name, attribute, write in self._writers:
            if (value := values[name]) is not None and (written := write(value)) is not None:
                _add(item, fields, attribute, written)
        for attribute, written in more.items():
            _add(item, fields, attribute, written)
        # The tenant is left out where the key begins with it.
        if fields.get("tenant_id") == item["pk"]["S"].partition("#")[0]:
            del fields["tenant_id"]
        item[FIELDS] = {"S": encode(fields)}

    def read(self, item: Mapping[str, Any], found: dict[str, Any]) -> tuple[Item, Item]:
        """Add the fields of a packed row to those `found`; returns what lies beside them, and what is no column."""
        if "tenant_id" in self._texts:
            found["tenant_id"], found["id"] = _named(item)
        rest: Item = {"pk": item["pk"], "sk": item["sk"]}
        for short, value in json.loads(item[FIELDS]["S"]).items():
            name = _LONG.get(short, short)
            if name in self._texts:
                found[name] = value
            elif name in self._takers:
                field, take = self._takers[name]
                found[field] = take(value)
            elif name in self._readers:
                field, read = self._readers[name]
                found[field] = read(_typed(name, value))
            else:
                rest[name] = _typed(name, value)
        return {name: value for name, value in item.items() if name in APART}, rest


def _add(item: Item, fields: dict[str, Any], name: str, value: Item) -> None:
    if name in BESIDE:
        item[name] = value
    if name not in APART:
        fields[SHORT.get(name, name)] = json.loads(value["S"]) if name in _JSON else _plain(value)


def unpack(item: Mapping[str, Any]) -> Item:
    """Return a row with each field as an attribute: a packed one, or one that is so already.

    What a packed row has beside its fields and the known attributes is left from its time before it was packed.
    """
    if FIELDS not in item:
        return item if isinstance(item, dict) else dict(item)
    found = {name: value for name, value in item.items() if name in APART}
    tenant, entity = _named(item)
    found["tenant_id"] = {"S": tenant}
    found.setdefault("id", {"S": entity})
    for short, value in json.loads(item[FIELDS]["S"]).items():
        name = _LONG.get(short, short)
        found[name] = _typed(name, value)
    return found


def _named(item: Mapping[str, Any]) -> tuple[str, str]:
    """Return the tenant and the id that a key tells: `id` itself is in the indexes that are sorted by it."""
    tenant, _, entity = item["pk"]["S"].partition("#")
    return tenant, item["sk"]["S"].partition("#")[2] or entity


def is_whole(copy: Mapping[str, Any]) -> bool:
    """Tell whether an index's copy of a row shows the row as it is."""
    return FIELDS in copy and BEHIND not in copy


def _plain(value: Item) -> Any:
    for kind, held in value.items():
        if kind == "N":
            return int(held)
        return [each["S"] for each in held] if kind == "L" else held


def _typed(name: str, value: Any) -> Item:
    if name in _JSON:
        return {"S": encode(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    return {"L": [{"S": each} for each in value]}
