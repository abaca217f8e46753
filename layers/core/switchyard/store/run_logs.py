"""Logs of runs in the table: a partition of its own for each run, a row for each append, in the order of ids.

A row holds the entries of its append as JSON, one a line, compressed where they are long: reading a log passes lines on
and parses nothing.
"""

from collections.abc import Iterator, Sequence

from switchyard.domain import clock
from switchyard.domain.run_logs import KEEP_SECONDS
from switchyard.domain.structs import Struct
from switchyard.store import keys
from switchyard.store.codec import row_key, unexpired
from switchyard.store.packing import compressed, expanded
from switchyard.store.table import Item, Table

#: Appends that one Query reads at most.
PAGE_MAX = 1_000
#: Characters of a page, but for those of its last append: compressed, 1 MB of rows may hold a thousand times as many.
PAGE_CHARACTERS = 1_048_576
_LAST = "\U0010ffff"


class Append(Struct):
    """One append: its id (a UUIDv7) and its entries, each a line of JSON."""

    id: str
    lines: list[str]


def put(tenant_id: str, run_id: str, append: Append) -> Item:
    """The action that adds an append. It has no condition: written twice it is the same row."""
    item: Item = {
        **row_key(keys.run_log(tenant_id, run_id, append.id)),
        "entries": compressed("\n".join(append.lines)),
        "count": {"N": str(len(append.lines))},
        "expires_at": {"N": str(clock.epoch() + KEEP_SECONDS)},
    }
    return {"Put": {"Item": item}}


def newest(table: Table, tenant_id: str, run_id: str) -> str | None:
    """Return the id of a log's last append, None when there is none: 1 query of 1 row."""
    pk, _ = keys.run_log(tenant_id, run_id, "")
    items, _ = table.query(
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
        ConsistentRead=True,
        ScanIndexForward=False,
        Limit=1,
    )
    return items[0]["sk"]["S"] if items else None


def pages(table: Table, tenant_id: str, run_id: str, low: str = " ", high: str = _LAST) -> Iterator[Sequence[Append]]:
    """Yield a log's appends with ids from `low` to `high`, both included, oldest first, what has expired left out.

    One Query for a page or more, strongly consistent: at most 1 MB of rows, and PAGE_MAX appends. A page ends with the
    append by which it has PAGE_CHARACTERS. Nothing is read ahead.
    """
    pk, _ = keys.run_log(tenant_id, run_id, "")
    for items in table.pages(
        KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
        ExpressionAttributeValues={":pk": {"S": pk}, ":low": {"S": low}, ":high": {"S": high}},
        ConsistentRead=True,
        Limit=PAGE_MAX,
    ):
        page: list[Append] = []
        size = 0
        for item in unexpired(items):
            text = expanded(item["entries"])
            page.append(Append(item["sk"]["S"], text.split("\n")))
            size += len(text)
            if size >= PAGE_CHARACTERS:
                yield page
                page, size = [], 0
        yield page
