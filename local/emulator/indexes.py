"""Queries of a secondary index that cost what the page costs, as on AWS.

MiniStack sorts and examines the whole partition of an index for each query: seconds, for a list of 100,000 rows.
Here each partition is kept sorted, and a query is shown only the rows that its page can hold; MiniStack then does
with them what it always does.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, NamedTuple

from ministack.services import dynamodb

_original_query = dynamodb._query
_original_condition = dynamodb._evaluate_condition
# The query being answered, and the one whose key condition all rows that it is shown fulfil.
_request: ContextVar[dict[str, Any]] = ContextVar("request")
_fulfilled: ContextVar[dict[str, Any] | None] = ContextVar("fulfilled", default=None)

LAST_CHARACTER = "\U0010ffff"
START = {"GT": bisect_right, "GE": bisect_left}
END = {"LT": bisect_left, "LE": bisect_right}


def install() -> None:
    """Put these indexes in the place of MiniStack's."""
    dynamodb._query = query
    dynamodb._evaluate_condition = evaluate_condition
    dynamodb._index_members = indexes_of
    dynamodb._index_item = reindex


class Entry(NamedTuple):
    """A row of an index: what it is sorted by, and the keys of the row in the table."""

    order: tuple
    pk: Any
    sk: Any


def order_of(entry: Entry) -> tuple:
    """What an entry is sorted by."""
    return entry.order


def sort_value_of(entry: Entry) -> Any:
    """The value of an entry's own sort key."""
    return entry.order[0]


class Index:
    """The partitions of one secondary index, each of them sorted.

    It is filled when it is first asked for something: to fill all of a large table at once holds up every request.
    """

    def __init__(self, table: dict, hashes: list[str], ranges: list[str]) -> None:
        self.table = table
        self.hashes = hashes
        self.ranges = ranges
        self.order = dynamodb._index_order_keys(table, ranges)
        self.partitions: dict[Any, list[Entry]] = {}
        self.known: dict[tuple, tuple[Any, Entry]] = {}
        self.filled = False

    def entry(self, pk: Any, sk: Any, item: dict) -> tuple[Any, Entry] | None:
        """The partition and the entry of a row, if the index has it."""
        partition = dynamodb._index_partition(item, self.hashes, self.ranges)
        if partition is None:
            return None
        order = tuple(dynamodb._index_order_value(item, name, kind) for name, kind in self.order)
        return partition, Entry(order, pk, sk)

    def fill(self) -> None:
        """Take in all rows of the table."""
        self.filled = True
        for pk, rows in self.table["items"].items():
            for sk, item in rows.items():
                found = self.entry(pk, sk, item)
                if found:
                    self.known[pk, sk] = found
                    self.partitions.setdefault(found[0], []).append(found[1])
        for entries in self.partitions.values():
            entries.sort()

    def add(self, pk: Any, sk: Any, item: dict) -> None:
        """Take in a row."""
        if not self.filled:
            return
        found = self.entry(pk, sk, item)
        if found:
            self.known[pk, sk] = found
            insort(self.partitions.setdefault(found[0], []), found[1])

    def remove(self, pk: Any, sk: Any) -> None:
        """Leave out a row."""
        found = self.known.pop((pk, sk), None)
        if found:
            entries = self.partitions[found[0]]
            del entries[bisect_left(entries, found[1])]
            if not entries:
                del self.partitions[found[0]]

    def get(self, partition: Any, default: Iterable = ()) -> Iterable[tuple[Any, Any]]:
        """The keys of the rows that the query being answered may return, or of a few more."""
        if not self.filled:
            self.fill()
        entries = self.partitions.get(partition)
        if entries is None:
            return default
        return [(entry.pk, entry.sk) for entry in self.window(entries, _request.get())]

    def window(self, entries: list[Entry], request: dict) -> list[Entry]:
        """The entries of a partition that the query's page can hold, and one more."""
        bounds = self.bounds(entries, request)
        if bounds is None:
            return entries
        _fulfilled.set(request)
        start, end = bounds
        forward = request.get("ScanIndexForward", True)
        cursor = request.get("ExclusiveStartKey")
        if cursor:
            place = tuple(dynamodb._index_order_value(cursor, name, kind) for name, kind in self.order)
            if forward:
                start = max(start, bisect_right(entries, place, key=order_of))
            else:
                end = min(end, bisect_left(entries, place, key=order_of))
        limit = request.get("Limit")
        if limit is not None:
            if forward:
                end = min(end, start + int(limit) + 1)
            else:
                start = max(start, end - int(limit) - 1)
        return entries[start:end]

    def bounds(self, entries: list[Entry], request: dict) -> tuple[int, int] | None:
        """Where the entries that the key condition allows begin and end; None when it is not understood."""
        expression = request.get("KeyConditionExpression")
        if not expression or len(self.ranges) != 1 or len(self.hashes) != 1:
            return None
        names, values = request.get("ExpressionAttributeNames") or {}, request.get("ExpressionAttributeValues") or {}
        kind = self.order[0][1]

        def value(token: tuple) -> Any:
            return dynamodb._sort_key_value(values[token[1]], kind)

        start, end = 0, len(entries)
        for clause in dynamodb._key_condition_clauses(dynamodb._tokenize(expression)):
            attributes = {names.get(text, text) for kind_of, text, *_ in clause if kind_of in ("IDENT", "NAME_REF")}
            shape = [text.lower() if kind_of == "IDENT" else kind_of for kind_of, text, *_ in clause]
            if self.hashes[0] in attributes:
                if shape[1:] != ["EQ", "VALUE_REF"]:
                    return None
            elif self.ranges[0] not in attributes:
                return None
            elif shape[1:] == ["EQ", "VALUE_REF"]:
                start = bisect_left(entries, value(clause[2]), key=sort_value_of)
                end = bisect_right(entries, value(clause[2]), key=sort_value_of)
            elif shape[1:] in (["LT", "VALUE_REF"], ["LE", "VALUE_REF"]):
                end = END[shape[1]](entries, value(clause[2]), key=sort_value_of)
            elif shape[1:] in (["GT", "VALUE_REF"], ["GE", "VALUE_REF"]):
                start = START[shape[1]](entries, value(clause[2]), key=sort_value_of)
            elif shape[1:] == ["between", "VALUE_REF", "and", "VALUE_REF"]:
                start = bisect_left(entries, value(clause[2]), key=sort_value_of)
                end = bisect_right(entries, value(clause[4]), key=sort_value_of)
            elif shape[0] == "begins_with" and len(clause) == 6 and kind == "S":
                start = bisect_left(entries, value(clause[4]), key=sort_value_of)
                end = bisect_left(entries, value(clause[4]) + LAST_CHARACTER, key=sort_value_of)
            else:
                return None
        return start, end


def query(request: dict) -> tuple:
    """Answer a Query."""
    token, unknown = _request.set(request), _fulfilled.set(None)
    try:
        return _original_query(request)
    finally:
        _request.reset(token)
        _fulfilled.reset(unknown)


def evaluate_condition(expression: str, item: dict, *rest: Any, **options: Any) -> bool:
    """Whether a row fulfils a condition; the key condition is not looked at again for each row of a page."""
    if options.get("slot") == "KeyConditionExpression" and _fulfilled.get() is not None:
        return True
    return bool(_original_condition(expression, item, *rest, **options))


def indexes_of(table: dict) -> dict[str, Index]:
    """The indexes of a table, made when they are first asked for."""
    found = table.get(dynamodb._INDEX_MEMBERS)
    if found is None:
        found = {name: Index(table, hashes, ranges) for name, hashes, ranges in dynamodb._index_key_schemas(table)}
        table[dynamodb._INDEX_MEMBERS] = found
    return found


def reindex(table: dict, pk: Any, sk: Any, item: dict, add: bool) -> None:
    """Follow a change of one row."""
    found = table.get(dynamodb._INDEX_MEMBERS)
    if found is None:
        return
    if found.keys() != {name for name, _, _ in dynamodb._index_key_schemas(table)}:
        table.pop(dynamodb._INDEX_MEMBERS)
        return
    for index in found.values():
        if add:
            index.add(pk, sk, item)
        else:
            index.remove(pk, sk)
