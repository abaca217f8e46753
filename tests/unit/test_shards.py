"""Lists in shards: a page over several partitions is the page over one, and the cost of one stays within bounds."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.domain.actors import SCOPES, SHARDS_MAX, Actor, Shards
from switchyard.store import filters, indexes, keys, shards
from switchyard.store.filters import Filter
from switchyard.store.indexes import LISTED_BY_ID, LISTED_BY_RANK
from switchyard.store.lists import EXAMINE_MAX, Page, Range, read_page
from switchyard.store.table import Item, Table

TENANT = "01a204d5-1adf-7000-a208-5ed093fe8a7c"
FOUND, OTHER = "found", "other"


def an_actor(read: int) -> Actor:
    return Actor(TENANT, "user_ada", "user", frozenset(SCOPES), "", shards=Shards(read, read))


class Partitions(Table):
    """An index of rows, each with the shard that it is in; `queries` tells how many rows each Query passed."""

    def __init__(self, rows: Sequence[tuple[int, Item]]) -> None:
        super().__init__("rows", None)
        self.rows = [{**row, "list": {"S": partition(shard)}} for shard, row in rows]
        self.queries: list[int] = []

    def query(self, **params: Any) -> tuple[list[Item], Item | None]:
        values, sort = params["ExpressionAttributeValues"], params["ExpressionAttributeNames"]["#s"]
        low, high, where = (values[name]["S"] for name in (":low", ":high", ":p"))
        is_forward, start = params["ScanIndexForward"], params.get("ExclusiveStartKey")
        left = [row for row in self.rows if row["list"]["S"] == where and low <= row[sort]["S"] <= high]
        left.sort(key=lambda row: row[sort]["S"], reverse=not is_forward)
        if start:
            bound = start[sort]["S"]
            left = [row for row in left if (row[sort]["S"] > bound) is is_forward and row[sort]["S"] != bound]
        found = list(islice(left, params["Limit"]))
        self.queries.append(len(found))
        return found, found[-1] if len(left) > len(found) else None


def a_row(number: int, title: str = FOUND) -> Item:
    fields = f'{{"t":"{title}"}}'
    return {
        "pk": {"S": f"{TENANT}#{number:04d}"},
        "sk": {"S": "TRACK"},
        "id": {"S": f"{number:04d}"},
        "rank": {"S": f"{'ab'[number % 2]}#{number:04d}"},
        "fields": {"S": fields},
    }


def partition(shard: int) -> str:
    return keys.listed(keys.realm(TENANT, None, shard), "task")


def walk(table: Table, ranges: list[Range], limit: int, *, descending: bool, only: Filter) -> Iterator[list[str]]:
    """Return the ids of each page."""
    after: str | None = None
    while True:
        page: Page = read_page(table, ranges, limit=limit, after=after, descending=descending, row_filter=only)
        assert len(page.rows) <= limit
        yield [row["id"]["S"] for row in page.items]
        after = page.position
        if after is None:
            return


@settings(max_examples=150, deadline=None)
@given(
    # Of each row: the shard that it was put into, whatever number there was then, and whether a filter keeps it.
    rows=st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=70),
    limit=st.integers(1, 30),
    ranked=st.booleans(),
    descending=st.booleans(),
    filtered=st.booleans(),
)
def test_a_list_over_shards_is_the_list_over_one(
    rows: list[tuple[int, bool]], limit: int, ranked: bool, descending: bool, filtered: bool
) -> None:
    made = [(shard, a_row(number, FOUND if kept else OTHER)) for number, (shard, kept) in enumerate(rows)]
    index, prefixes = (LISTED_BY_RANK, ("a#", "b#")) if ranked else (LISTED_BY_ID, ("",))
    only = Filter([filters.searched(FOUND)]) if filtered else Filter()
    one = [Range(index, partition(0), prefix) for prefix in prefixes]
    six = shards.of_tracks(one, an_actor(6))
    whole = Partitions([(0, row) for _, row in made])
    pages = list(walk(whole, one, limit, descending=descending, only=only))
    sharded = Partitions(made)
    assert list(walk(sharded, six, limit, descending=descending, only=only)) == pages
    kept = [f"{number:04d}" for number, (_, kept) in enumerate(rows) if kept or not filtered]
    assert [each for page in pages for each in page] == (kept[::-1] if descending else kept)


def test_lists_of_persons_projects_and_tokens_have_no_shards() -> None:
    actor = an_actor(4)
    alike = [
        Range(indexes.LISTED_BY_ID, keys.listed(keys.realm(TENANT, "user_ada"), "task")),
        Range(indexes.BY_PROJECT, keys.by_project(TENANT, "task", "p")),
        Range(indexes.BY_ASSIGNEE, keys.by_assignee(TENANT, "user_ada")),
    ]
    assert shards.of_tracks(alike, actor) == alike
    # A tenant whose id begins alike is another one.
    other = Range(indexes.LISTED_BY_ID, keys.listed(f"{TENANT}0", "task"))
    assert shards.of_tracks([other], actor) == [other]


def test_a_list_without_shards_is_read_as_ever() -> None:
    whole = [Range(indexes.LISTED_BY_ID, partition(0))]
    assert shards.of_tracks(whole, an_actor(1)) == whole
    assert whole[0].share(26) == 26
    assert whole[0].examined_max == EXAMINE_MAX


@pytest.mark.parametrize("count", [2, 4, 16, SHARDS_MAX])
def test_a_page_reads_little_more_than_its_rows(count: int) -> None:
    table = Partitions([(Shards(count, count).of(f"{number:036d}"), a_row(number)) for number in range(4_000)])
    everywhere = shards.of_tracks([Range(LISTED_BY_ID, partition(0))], an_actor(count))
    assert len(list(islice(walk(table, everywhere, 25, descending=True, only=Filter()), 20))) == 20
    # One query of each shard, and seldom a second one; 8 rows of each, or as many again as the page has.
    assert len(table.queries) <= 20 * count * 1.1
    assert sum(table.queries) <= 20 * max(8.5 * count, 27 * 2.6)


def test_a_filter_passes_as_many_rows_over_shards_as_over_one() -> None:
    table = Partitions([(number % 4, a_row(number, OTHER)) for number in range(6_000)])
    everywhere = shards.of_tracks([Range(LISTED_BY_ID, partition(0))], an_actor(4))
    page = read_page(table, everywhere, limit=25, row_filter=Filter([filters.searched(FOUND)]))
    assert page.rows == []
    assert page.position is not None
    assert sum(table.queries) == EXAMINE_MAX


def test_new_tracks_fill_the_shards_evenly_and_one_shard_is_the_first() -> None:
    counts = [0] * 16
    for number in range(16_000):
        counts[Shards(16, 16).of(f"{number:036d}")] += 1
    assert min(counts) > 850
    assert max(counts) < 1_150
    assert Shards().of("any") == 0
