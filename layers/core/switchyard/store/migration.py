"""Brings rows that an earlier version wrote to the form of this one (docs/administration.md, "Migration").

Such rows are read as they are: what goes is what they only take room with, in the table and in every index. Idempotent,
and resumable from the mark that it leaves. No row gets a new version: nothing is told to anyone.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from switchyard.store import keys
from switchyard.store.codec import row_key
from switchyard.store.table import ConditionFailed, Item, Table

#: What tracks had beside their fields, for a search that reads the fields themselves today.
RETIRED = "text"
PAGE = 100
#: Seconds that each step has, whatever the command takes as a whole.
_STEP_SECONDS = 30


def migrate(table: Table, *, units: int, pause: Callable[[float], None] = time.sleep) -> dict[str, int]:
    """Bring all rows to today's form at so many capacity units a second; returns how many were seen and changed.

    The table's deadline is moved along.
    """
    counts = Counter(seen=0, changed=0)
    meter = _Meter(table, units, pause)
    start = _mark(table)
    while True:
        page: dict[str, Any] = {"ExclusiveStartKey": start} if start else {}
        answer = table.call("scan", TableName=table.name, Limit=PAGE, **page)
        meter.hold()
        for row in answer["Items"]:
            counts["seen"] += 1
            if row["sk"]["S"] == keys.TRACK and RETIRED in row:
                counts["changed"] += _bring(table, row)
                meter.hold()
        start = answer.get("LastEvaluatedKey")
        _set_mark(table, start)
        if start is None:
            return dict(counts)


def _bring(table: Table, row: Item) -> bool:
    """Take what is retired off a track, whatever else happens to it; False when it went meanwhile."""
    update = {
        "Key": {name: row[name] for name in ("pk", "sk")},
        "UpdateExpression": "REMOVE #retired",
        "ConditionExpression": "attribute_exists(#retired)",
        "ExpressionAttributeNames": {"#retired": RETIRED},
    }
    try:
        table.write([{"Update": update}])
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


class _Meter:
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
