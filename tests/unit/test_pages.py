"""Where a page ends that a filter makes sparse: no row is lost, none comes twice, and the list ends where it ends."""

import json
from collections.abc import Collection
from typing import Any

import pytest

from switchyard.store import filters
from switchyard.store.filters import Filter
from switchyard.store.indexes import LISTED_BY_ID
from switchyard.store.lists import EXAMINE_MAX, Page, Range, read_page
from switchyard.store.table import Item, Table

WANTED = Filter([filters.searched("found")])


class Sparse(Table):
    """Rows of one partition, of which some have the word; a Query reads at most `most` rows, as at 1 MB.

    As DynamoDB does, a Query that ends at a bound says that there may be more, also when nothing is left.
    """

    def __init__(self, count: int, found: Collection[int] = (), most: int = 100_000) -> None:
        super().__init__("rows", None)
        self.most, self.queries = most, 0
        self.rows = [
            {
                "pk": {"S": "p#1"},
                "sk": {"S": "TRACK"},
                "list": {"S": "p"},
                "id": {"S": f"{n:04d}"},
                "fields": {"S": json.dumps({"t": "found" if n in found else "other"})},
            }
            for n in range(count)
        ]

    def query(self, **params: Any) -> tuple[list[Item], Item | None]:
        self.queries += 1
        values, up = params["ExpressionAttributeValues"], params["ScanIndexForward"]
        start = params.get("ExclusiveStartKey", {}).get("id", {}).get("S")
        left = [row for row in self.rows if values[":low"]["S"] <= row["id"]["S"] <= values[":high"]["S"]]
        left = left if up else left[::-1]
        left = [row for row in left if start is None or (row["id"]["S"] > start if up else row["id"]["S"] < start)]
        bound = min(params["Limit"], self.most)
        found = left[:bound]
        return found, found[-1] if len(found) == bound else None


def page(table: Table, limit: int, after: str | None = None, descending: bool = False, only: Filter = WANTED) -> Page:
    return read_page(
        table, [Range(LISTED_BY_ID, "p")], limit=limit, after=after, descending=descending, row_filter=only
    )


def walked(table: Table, limit: int, descending: bool) -> list[list[int]]:
    """Return the numbers of the rows of each page until the list ends."""
    pages, position = list[list[int]](), None
    while True:
        found = page(table, limit, position, descending)
        pages.append([int(row["id"]["S"]) for row in found.items])
        position = found.position
        if position is None:
            return pages


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 50])
def test_every_row_that_is_wanted_is_on_one_page_whatever_lies_between(limit: int, descending: bool) -> None:
    numbers = [0, 1, 2, 500, EXAMINE_MAX - 1, EXAMINE_MAX, EXAMINE_MAX + 1, 2_500, 3_999]
    pages = walked(Sparse(4_000, numbers), limit, descending)
    assert [number for each in pages for number in each] == sorted(numbers, reverse=descending)
    assert max(map(len, pages)) <= limit


def test_a_page_that_is_full_when_it_may_examine_no_more_rows_has_a_cursor() -> None:
    table = Sparse(EXAMINE_MAX + 200, [0, 1, 2, EXAMINE_MAX + 100])
    first = page(table, 3)
    assert [row["id"]["S"] for row in first.items] == ["0000", "0001", "0002"]
    assert first.position is not None
    assert walked(table, 3, descending=False)[-1] == [EXAMINE_MAX + 100]


def test_the_last_row_that_a_page_may_examine_is_on_it() -> None:
    found = page(Sparse(EXAMINE_MAX + 200, [0, EXAMINE_MAX - 1, EXAMINE_MAX]), 5)
    assert [int(row["id"]["S"]) for row in found.items] == [0, EXAMINE_MAX - 1]
    assert found.position == f"{EXAMINE_MAX - 1:04d}"


@pytest.mark.parametrize("count", [3, 6, 9])
def test_a_list_that_ends_with_a_page_has_no_cursor_though_the_query_said_that_there_may_be_more(count: int) -> None:
    table = Sparse(count, most=3)
    last = page(table, 3, after=f"{count - 4:04d}" if count > 3 else None, only=Filter())
    assert [int(row["id"]["S"]) for row in last.items] == list(range(count - 3, count))
    assert last.position is None


def test_a_page_without_a_filter_is_one_query_also_behind_a_cursor() -> None:
    for after in (None, "0004", "0090"):
        table = Sparse(100)
        found = page(table, 9, after, only=Filter())
        assert (len(found.items), table.queries) == (9, 1)
