"""Lists: a page is a merge of key ranges, so that its cost follows the page and not the table.

A list is one or more ranges of an index (each a partition and a stretch of its sort key), all in the same order.
One range is one Query; several run in parallel and are merged. What no index can answer is left to a filter,
under a bound: a page examines at most EXAMINE_MAX rows per range and then ends early, with a cursor to continue from.
"""

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

from switchyard.domain.errors import FieldError, Invalid
from switchyard.domain.structs import Struct
from switchyard.store import packing
from switchyard.store.filters import Filter
from switchyard.store.indexes import Index
from switchyard.store.table import Item, Table

#: Rows that one range may be read for, per page, when a filter drops rows; the shards of a list share them.
EXAMINE_MAX = 1_000
#: How much more is read than a filter is expected to drop, and the fewest rows that are worth a Query (4 KB).
_SPARE, _LEAST = 1.5, 8
#: Characters of long texts on one page: whatever they are, escaped twice they stay below the 6 MB of an answer.
PAGE_CHARACTERS_MAX = 250_000
_LONG = ("description", "metadata", "ext", "output", "state", "artifacts", "text", "answer")
#: Characters of a cursor.
CURSOR_MAX = 1_024
_CHECK = 12
_FIRST = " "
_END = "\U0010ffff"


class Range(Struct):
    """One stretch of one partition, or of one of so many `shards` (store/shards.py).

    Positions are what the merge orders by: the sort key less `prefix`.
    """

    index: Index
    partition: str
    prefix: str = ""
    low: str = _FIRST
    high: str = _END
    shards: int = 1

    @property
    def examined_max(self) -> int:
        """Return how many rows it may be read for, per page, when a filter drops rows."""
        return EXAMINE_MAX // self.shards

    def share(self, wanted: int) -> int:
        """Return how many of a list's first rows lie here at most, but for one page in hundreds (Poisson)."""
        mean = wanted / self.shards
        return min(wanted, max(_LEAST, math.ceil(mean + 3 * math.sqrt(mean)) + 2))


class Page(Struct):
    """Rows in order, packed or not, and the position to continue from (None at the end of the list)."""

    rows: list[Item]
    position: str | None

    @cached_property
    def items(self) -> list[Item]:
        """The rows with each field as an attribute. To make entities of them, take `rows`: that costs less."""
        return [packing.unpack(row) for row in self.rows]


class _Found(NamedTuple):
    """A row of a range: its position there, and as much of it as was read."""

    position: str
    item: Item
    range: Range
    whole: bool


def _found(item: Item, range_: Range) -> _Found:
    position = item[range_.index.sort]["S"].removeprefix(range_.prefix)
    is_whole = range_.index.name is None or packing.is_whole(item)
    return _Found(position, packing.at_hand(item), range_, is_whole)


class _Reader:
    """Reads one range, a Query at a time, remembering how far it has come."""

    def __init__(
        self, table: Table, range_: Range, descending: bool, row_filter: Filter, ranges: Sequence[Range]
    ) -> None:
        self.table, self.range, self.ranges = table, range_, ranges
        self.descending, self.filter = descending, row_filter
        self.rows: list[_Found] = []
        self.resume: Item | None = None
        self.finished = False
        self.examined = 0
        self.reached: str | None = None

    def chunk(self, wanted: int) -> int:
        """Return how many rows to pass next for a page of `wanted`: as the filter has kept of those before."""
        if not self.filter.conditions:
            return wanted if self.examined else self.range.share(wanted)
        if not self.examined:
            expected = self.range.share(wanted)
        elif not self.rows:
            expected = max(self.examined * 2, 100)
        else:
            expected = max(math.ceil((wanted - len(self.rows)) * self.examined / len(self.rows) * _SPARE), _LEAST)
        most = self.range.examined_max
        return min(expected, -(-most // 2), most - self.examined)

    def is_behind(self, horizon: str | None) -> bool:
        """Tell whether rows before the horizon (None: not known yet) may be left to read."""
        if self.finished or (self.filter.conditions and self.examined >= self.range.examined_max):
            return False
        if horizon is None or self.reached is None:
            return True
        return self.reached > horizon if self.descending else self.reached < horizon

    def more(self, chunk: int, after: str | None) -> None:
        spec = self.range
        low, high = spec.prefix + spec.low, spec.prefix + spec.high
        if after is not None and self.descending:
            high = min(high, spec.prefix + after)
        elif after is not None:
            low = max(low, spec.prefix + after)
        if low > high:
            self.finished = True
            return
        told, rest = self.filter.split(spec.index)
        params: dict[str, Any] = {
            "KeyConditionExpression": "#p = :p AND #s BETWEEN :low AND :high",
            "ExpressionAttributeNames": {"#p": spec.index.partition, "#s": spec.index.sort, **told.names},
            "ExpressionAttributeValues": {
                ":p": {"S": spec.partition},
                ":low": {"S": low},
                ":high": {"S": high},
                **told.values,
            },
            "ScanIndexForward": not self.descending,
            "Limit": chunk,
        }
        if spec.index.name:
            params["IndexName"] = spec.index.name
        if told.expression:
            params["FilterExpression"] = told.expression
        if self.resume:
            params["ExclusiveStartKey"] = self.resume
        items, self.resume = self.table.query(**params)
        self.examined += chunk
        self.finished = self.resume is None
        found = [_found(item, spec) for item in items]
        found = [each for each in found if each.position != after]
        self.rows += _whole(self.table, found, self.ranges, self.filter) if rest else found
        if self.resume:
            self.reached = self.resume[spec.index.sort]["S"].removeprefix(spec.prefix)


def read_page(
    table: Table,
    ranges: Sequence[Range],
    *,
    limit: int,
    after: str | None = None,
    descending: bool = True,
    row_filter: Filter | None = None,
    whole: bool = True,
) -> Page:
    """Return at most `limit` rows after the position, in one order over all ranges.

    Without a filter: one Query per range, `limit` + 1 rows each (more where they exceed the 1 MB of a Query), of a
    shard its share. With one: up to EXAMINE_MAX rows per range. Rows that an index holds in part are then read from the
    table, 100 a round trip. A page of rows that are shown `whole` ends early at PAGE_CHARACTERS_MAX.
    """
    kept = row_filter or Filter()
    readers = [_Reader(table, each, descending, kept, ranges) for each in ranges]
    # One row more than asked tells whether there is a next page; one more again when a page starts after a row.
    first = limit + 1 + (after is not None)
    while True:
        positions = sorted((row.position for r in readers for row in r.rows), reverse=descending)
        horizon = positions[limit] if len(positions) > limit else None
        hungry = [r for r in readers if r.is_behind(horizon)]
        if not hungry:
            break
        side_by_side([partial(r.more, r.chunk(first), after) for r in hungry])
    return _merge(table, readers, limit, descending, whole)


def newest_first(
    table: Table, range_: Range, limit: int, cursor: str | None, *asked: Any, row_filter: Filter | None = None
) -> tuple[list[Item], str | None]:
    """Return a page of what is listed by its id alone, and the cursor of the next one; `asked` binds the cursor too."""
    bound_to = fingerprint(range_.partition, range_.prefix, *asked)
    page = read_page(table, [range_], limit=limit, after=from_cursor(cursor, bound_to), row_filter=row_filter)
    return page.items, to_cursor(page.position, bound_to)


def _merge(table: Table, readers: Sequence[_Reader], limit: int, descending: bool, whole: bool) -> Page:
    rows = sorted((row for r in readers for row in r.rows), key=lambda row: row.position, reverse=descending)
    # A range that was not read to its end vouches for nothing behind the point it reached.
    ends = [r.reached for r in readers if not r.finished and r.reached is not None and len(r.rows) <= limit]
    horizon = (max(ends) if descending else min(ends)) if ends else None
    if horizon is not None:
        rows = [r for r in rows if (r.position >= horizon if descending else r.position <= horizon)]
    page = rows[:limit]
    position = page[-1].position if len(rows) > limit else horizon
    shown = page if all(each.whole for each in page) else _whole(table, page, readers[0].ranges, readers[0].filter)
    count = fitting([[each.item] for each in shown]) if whole else len(shown)
    if count < len(shown):
        position = shown[count - 1].position
    return Page([each.item for each in shown[:count]], position)


def _whole(table: Table, found: Sequence[_Found], ranges: Sequence[Range], kept: Filter) -> list[_Found]:
    """Return the rows as the table has them, less those that are not, or no longer, what the list is to show."""
    wanted = [_key(each.item) for each in found if not each.whole]
    got = table.get_many(wanted, consistent=False) if wanted else {}
    rows = {key: packing.at_hand(row) for key, row in got.items()}
    read = [each if each.whole else each._replace(item=rows.pop(_key(each.item), {}), whole=True) for each in found]
    read = [each for each in read if _is_listed(each.item, ranges)]
    return [each for each in read if kept.holds(packing.unpack(each.item))] if kept.conditions else read


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _is_listed(item: Item, ranges: Sequence[Range]) -> bool:
    """Tell whether a row, which may have moved since the index was written, lies in one of the ranges."""
    for each in ranges:
        partition, sort = (item.get(name, {}).get("S") for name in (each.index.partition, each.index.sort))
        low, high = each.prefix + each.low, each.prefix + each.high
        if partition == each.partition and sort is not None and low <= sort <= high:
            return True
    return False


def fitting(shown: Sequence[Sequence[Item]]) -> int:
    """Count what fits into one answer by its long texts, each shown of some rows: at least one, if there are any."""
    texts = (packing.text_of(row) for rows in shown for row in rows)
    if sum(PAGE_CHARACTERS_MAX if each is None else len(each) for each in texts) <= PAGE_CHARACTERS_MAX:
        return len(shown)
    characters = 0
    for count, rows in enumerate(shown):
        characters += sum(len(row[name]["S"]) for row in map(packing.unpack, rows) for name in _LONG if name in row)
        if characters > PAGE_CHARACTERS_MAX and count:
            return count
    return len(shown)


def side_by_side(calls: Sequence[Callable[[], None]]) -> None:
    """Make all calls at once, each in a thread of its own; the first error is raised when all are through."""
    if len(calls) == 1:
        calls[0]()
        return
    # Imported here: most lists are one query, and with it come `logging` and `traceback`.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=min(len(calls), 8)) as pool:
        for done in [pool.submit(call) for call in calls]:
            done.result()


# ---------------------------------------------------------------- cursors


def fingerprint(*parts: Any) -> str:
    """Return what binds a cursor to its list: the tenant, the actor and every filter."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:_CHECK]


def to_cursor(position: str | None, bound_to: str) -> str | None:
    """Return the opaque text of a position in the list with this fingerprint."""
    if position is None:
        return None
    check = hashlib.sha256(f"{bound_to}{position}".encode()).hexdigest()[:_CHECK]
    return base64.urlsafe_b64encode(f"{check}{position}".encode()).decode().rstrip("=")


def from_cursor(cursor: str | None, bound_to: str, name: str = "cursor") -> str | None:
    """Return the position of a cursor; raises Invalid when it is damaged or belongs to another list."""
    if cursor is None:
        return None
    problem = FieldError(name, "is damaged, or belongs to another list", "the cursor of this list's last page")
    if len(cursor) > CURSOR_MAX:
        raise Invalid(problem)
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Invalid(problem) from None
    check, position = text[:_CHECK], text[_CHECK:]
    if hashlib.sha256(f"{bound_to}{position}".encode()).hexdigest()[:_CHECK] != check:
        raise Invalid(problem)
    return position
