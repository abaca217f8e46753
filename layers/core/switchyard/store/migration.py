"""Brings rows that an earlier version wrote to the form of this one (docs/administration.md, "Migration").

Such rows are read as they are, but a page of a list reads those that are not packed from the table, and each change of
one with long fields is copied into its indexes. Idempotent, and resumable from the mark that it leaves. No row gets a
new version: nothing is told to anyone.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from switchyard.store import keys, packing, runs, tracks
from switchyard.store.codec import Codec, row_key
from switchyard.store.table import ConditionFailed, Item, Table

#: Rows that were in an index, and are listed from the table today.
_UNLISTED = ("PROJECT#", "WEBHOOK#", keys.DELIVERY)
PAGE = 100
#: Seconds that each step has, whatever the command takes as a whole.
_STEP_SECONDS = 30


def migrate(table: Table, *, units: int, pause: Callable[[float], None] = time.sleep) -> dict[str, int]:
    """Bring all rows to today's form at so many capacity units a second; returns how many were seen and changed.

    The table's deadline is moved along.
    """
    counts = Counter(seen=0, changed=0)
    meter = Meter(table, units, pause)
    start = _mark(table)
    while True:
        page: dict[str, Any] = {"ExclusiveStartKey": start} if start else {}
        answer = table.call("scan", TableName=table.name, Limit=PAGE, **page)
        meter.hold()
        for row in answer["Items"]:
            counts["seen"] += 1
            if change := _change(row):
                counts["changed"] += _write(table, row, change)
                meter.hold()
        start = answer.get("LastEvaluatedKey")
        _set_mark(table, start)
        if start is None:
            return dict(counts)


def _change(row: Item) -> Item | None:
    """Return the update that brings a row to today's form; None for one that has it.

    Entries of the trail stay as they are: the table's policy lets none but the pipeline write them.
    """
    sort = row["sk"]["S"]
    codec = tracks.ROWS if sort == keys.TRACK else runs.ROWS if sort.startswith(keys.RUN) else None
    if codec:
        return None if packing.is_as_stored(row) else _pack(row, codec)
    if sort.startswith(_UNLISTED) and "list" in row:
        return _update([], ["list"], "attribute_exists(#r0)", {})
    return None


def _pack(row: Item, codec: Codec[Any]) -> Item:
    """Bring a track or a run to today's form, unless it gets another version meanwhile: that one has it."""
    packed = codec.to_item(codec.from_item(row))
    values = {f":{name}": value for name, value in packed.items() if row.get(name) != value}
    sets = [name.removeprefix(":") for name in values]
    # A change of the fields is a new version.
    values[":version"] = row["version"]
    return _update(sets, sorted(row.keys() - packed.keys()), "#version = :version", values, ["version"])


def _update(sets: list[str], removes: list[str], condition: str, values: Item, asked: Sequence[str] = ()) -> Item:
    named = {f"#r{place}": name for place, name in enumerate(removes)}
    parts = {"SET": [f"#{name} = :{name}" for name in sets], "REMOVE": list(named)}
    return {
        "UpdateExpression": " ".join(f"{verb} {', '.join(each)}" for verb, each in parts.items() if each),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {**named, **{f"#{name}": name for name in (*sets, *asked)}},
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def _write(table: Table, row: Item, change: Item) -> bool:
    """Make the change, whatever else happens to the row; False when it went, or was changed, meanwhile."""
    try:
        table.write([{"Update": {"Key": {name: row[name] for name in ("pk", "sk")}, **change}}])
    except ConditionFailed:
        return False
    return True


# ---------------------------------------------------------------- where it goes on, and how fast


def _mark(table: Table) -> Item | None:
    row = table.get(*keys.MIGRATION)
    return {"pk": row["at_pk"], "sk": row["at_sk"]} if row else None


def _set_mark(table: Table, start: Item | None) -> None:
    key = row_key(keys.MIGRATION)
    if start is None:
        table.write([{"Delete": {"Key": key}}])
    else:
        table.write([{"Put": {"Item": {**key, "at_pk": start["pk"], "at_sk": start["sk"]}}}])


class Meter:
    """Holds the calls of a table to so many capacity units a second, as DynamoDB itself counts them."""

    def __init__(self, table: Table, units: int, pause: Callable[[float], None]) -> None:
        self.table, self.units, self.pause = table, units, pause
        self.consumed, self.begun = 0.0, time.monotonic()
        table.observe = self._count

    def hold(self) -> None:
        """Wait until what was consumed is within the rate; gives the table time for what comes next."""
        ahead = self.consumed / self.units - (time.monotonic() - self.begun)
        if ahead > 0:
            self.pause(ahead)
        self.table.give(_STEP_SECONDS * 1000)

    def _count(self, _: str, answer: Mapping[str, Any]) -> None:
        found = answer.get("ConsumedCapacity") or {}
        for each in found if isinstance(found, list) else [found]:
            self.consumed += each.get("CapacityUnits", 0)
