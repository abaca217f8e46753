"""Lists: a page is a merge of key ranges, so that its cost follows the page and not the table.

A list is one or more ranges of an index (each a partition and a stretch of its sort key), all in the same order.
One range is one Query; several run in parallel and are merged. What no index can answer is left to a filter,
under a bound: a page examines at most EXAMINE_MAX rows per range and then ends early, with a cursor to continue from.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from switchyard.domain.errors import FieldError, Invalid
from switchyard.store.indexes import Index
from switchyard.store.table import Item, Table

#: Rows that one range may be read for, per page, when a filter drops rows.
EXAMINE_MAX = 1_000
#: Characters of long texts on one page: whatever they are, escaped twice they stay below the 6 MB of an answer.
PAGE_CHARACTERS_MAX = 250_000
_LONG = ("description", "metadata", "ext", "output", "state", "artifacts")
#: Characters of a cursor.
CURSOR_MAX = 1_024
_CHECK = 12
_FIRST = " "
_END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Range:
    """One stretch of one partition. Positions are what the merge orders by: the sort key less `prefix`."""

    index: Index
    partition: str
    prefix: str = ""
    low: str = _FIRST
    high: str = _END


@dataclass(slots=True)
class Filter:
    """Conditions on rows that no key answers, joined by AND."""

    conditions: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def name(self, attribute: str) -> str:
        self.names[f"#{attribute}"] = attribute
        return f"#{attribute}"

    def value(self, value: str | int) -> str:
        placeholder = f":f{len(self.values)}"
        self.values[placeholder] = {"S": value} if isinstance(value, str) else {"N": str(value)}
        return placeholder

    def any_of(self, attribute: str, values: Sequence[str | None]) -> None:
        """Keep rows whose attribute is one of the values; None means its absence."""
        name = self.name(attribute)
        given = [self.value(value) for value in values if value is not None]
        options = [f"{name} IN ({', '.join(given)})"] if given else []
        if None in values:
            options.append(f"attribute_not_exists({name})")
        self.conditions.append(f"({' OR '.join(options)})")

    def contains_any(self, attribute: str, values: Sequence[str]) -> None:
        """Keep rows whose list (or text) attribute contains one of the values."""
        name = self.name(attribute)
        self.conditions.append("(" + " OR ".join(f"contains({name}, {self.value(v)})" for v in values) + ")")

    def first_is(self, attribute: str, value: str) -> None:
        """Keep rows whose list attribute begins with the value."""
        self.conditions.append(f"{self.name(attribute)}[0] = {self.value(value)}")

    def between(self, attribute: str, low: str | None, high: str | None) -> None:
        """Keep rows whose attribute lies between the bounds, both included; None leaves a side open."""
        name = self.name(attribute)
        if low is not None:
            self.conditions.append(f"{name} >= {self.value(low)}")
        if high is not None:
            self.conditions.append(f"{name} <= {self.value(high)}")

    def number_between(self, attribute: str, low: int | None, high: int | None) -> None:
        """Keep rows whose number lies between the bounds, both included."""
        name = self.name(attribute)
        for bound, sign in ((low, ">="), (high, "<=")):
            if bound is not None:
                self.conditions.append(f"{name} {sign} {self.value(bound)}")

    def begins_with(self, attribute: str, prefix: str) -> None:
        """Keep rows whose text attribute begins with the prefix."""
        self.conditions.append(f"begins_with({self.name(attribute)}, {self.value(prefix)})")

    def either(self, *conditions: str) -> None:
        """Keep rows that meet one of the conditions, which are written with `name` and `value`."""
        self.conditions.append(f"({' OR '.join(conditions)})")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and the position to continue from (None at the end of the list)."""

    items: list[Item]
    position: str | None


@dataclass(slots=True)
class _Reader:
    """Reads one range, a Query at a time, remembering how far it has come."""

    table: Table
    range: Range
    descending: bool
    filter: Filter | None
    rows: list[tuple[str, Item]] = field(default_factory=list)
    resume: Item | None = None
    finished: bool = False
    examined: int = 0
    reached: str | None = None

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
        params: dict[str, Any] = {
            "KeyConditionExpression": "#p = :p AND #s BETWEEN :low AND :high",
            "ExpressionAttributeNames": {"#p": spec.index.partition, "#s": spec.index.sort},
            "ExpressionAttributeValues": {
                ":p": {"S": spec.partition},
                ":low": {"S": low},
                ":high": {"S": high},
            },
            "ScanIndexForward": not self.descending,
            "Limit": chunk,
        }
        if spec.index.name:
            params["IndexName"] = spec.index.name
        if self.filter and self.filter.conditions:
            params["FilterExpression"] = " AND ".join(self.filter.conditions)
            params["ExpressionAttributeNames"] |= self.filter.names
            params["ExpressionAttributeValues"] |= self.filter.values
        if self.resume:
            params["ExclusiveStartKey"] = self.resume
        items, self.resume = self.table.query(**params)
        self.examined += chunk
        self.finished = self.resume is None
        for item in items:
            position = item[spec.index.sort]["S"].removeprefix(spec.prefix)
            if position != after:
                self.rows.append((position, item))
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

    Without a filter: one Query per range, `limit` + 1 rows each (more where they exceed the 1 MB of a Query). With
    one: up to EXAMINE_MAX rows per range. A page of rows that are shown `whole` ends early at PAGE_CHARACTERS_MAX.
    """
    filtered = bool(row_filter and row_filter.conditions)
    readers = [_Reader(table, each, descending, row_filter) for each in ranges]
    # One row more than asked shows whether there is a next page; one more again when a page starts after a row.
    chunk = limit + 1 + (after is not None)
    while True:
        hungry = [r for r in readers if len(r.rows) <= limit and not r.finished]
        if filtered:
            hungry = [r for r in hungry if r.examined < EXAMINE_MAX]
        if not hungry:
            break
        side_by_side(
            [partial(r.more, min(chunk, EXAMINE_MAX - r.examined) if filtered else chunk, after) for r in hungry]
        )
        if filtered:
            chunk = min(max(chunk * 2, 100), EXAMINE_MAX // 2)
    return _merge(readers, limit, descending, whole)


def _merge(readers: Sequence[_Reader], limit: int, descending: bool, whole: bool) -> Page:
    rows = sorted((row for r in readers for row in r.rows), key=lambda row: row[0], reverse=descending)
    # What lies behind the point that a range was read to is unknown.
    ends = [r.reached for r in readers if not r.finished and r.reached is not None and len(r.rows) <= limit]
    horizon = (max(ends) if descending else min(ends)) if ends else None
    if horizon is not None:
        rows = [r for r in rows if (r[0] >= horizon if descending else r[0] <= horizon)]
    page = rows[: fitting([item for _, item in rows[:limit]]) if whole else limit]
    if len(rows) > len(page):
        position: str | None = page[-1][0]
    else:
        position = horizon
    return Page([item for _, item in page], position)


def fitting(rows: Sequence[Item]) -> int:
    """Count the rows whose long texts fit into one answer: at least one, if there are any."""
    characters = 0
    for count, item in enumerate(rows):
        characters += sum(len(item[name]["S"]) for name in _LONG if name in item)
        if characters > PAGE_CHARACTERS_MAX and count:
            return count
    return len(rows)


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


def to_cursor(position: str | None, print_: str) -> str | None:
    """Return the opaque text of a position in the list with this fingerprint."""
    if position is None:
        return None
    check = hashlib.sha256(f"{print_}{position}".encode()).hexdigest()[:_CHECK]
    return base64.urlsafe_b64encode(f"{check}{position}".encode()).decode().rstrip("=")


def from_cursor(cursor: str | None, print_: str, name: str = "cursor") -> str | None:
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
    if hashlib.sha256(f"{print_}{position}".encode()).hexdigest()[:_CHECK] != check:
        raise Invalid(problem)
    return position
