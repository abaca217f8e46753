"""Pages as a merge of key ranges, over a table that answers as DynamoDB does: a Query ends early when it is big."""

import json
from typing import Any

from switchyard.store import filters
from switchyard.store.filters import Filter
from switchyard.store.indexes import LISTED_BY_ID, OF_GOAL
from switchyard.store.lists import PAGE_CHARACTERS_MAX, Page, Range, read_page
from switchyard.store.table import Item, Table

PER_QUERY = 3


class Rows(Table):
    """Rows of one partition; a Query reads PER_QUERY of them at most, as if more were over 1 MB."""

    def __init__(self, count: int, description: str = "") -> None:
        super().__init__("rows", None)
        self.rows = [
            {
                "pk": {"S": "p#1"},
                "sk": {"S": "TRACK"},
                "id": {"S": f"{n:04d}"},
                "fields": {"S": json.dumps({"description": description})},
            }
            for n in range(count)
        ]

    def query(self, **params: Any) -> tuple[list[Item], Item | None]:
        values = params["ExpressionAttributeValues"]
        start = params.get("ExclusiveStartKey", {"id": {"S": ""}})["id"]["S"]
        low, high = values[":low"]["S"], values[":high"]["S"]
        left = [row for row in self.rows if low <= row["id"]["S"] <= high and row["id"]["S"] > start]
        found = left[: min(params["Limit"], PER_QUERY)]
        return found, found[-1] if len(left) > len(found) else None


def page(table: Table, limit: int, *, after: str | None = None, whole: bool = True) -> Page:
    return read_page(table, [Range(LISTED_BY_ID, "p")], limit=limit, after=after, descending=False, whole=whole)


def ids(found: Page) -> list[str]:
    return [item["id"]["S"] for item in found.items]


def test_a_page_without_a_filter_is_full_however_big_its_rows_are() -> None:
    found = page(Rows(900), 800)
    assert ids(found) == [f"{n:04d}" for n in range(800)]
    assert found.position == "0799"


def test_a_page_of_long_texts_ends_before_the_answer_is_too_big_and_continues() -> None:
    table = Rows(5, "x" * (PAGE_CHARACTERS_MAX // 2))
    first = page(table, 5)
    assert (ids(first), first.position) == (["0000", "0001"], "0001")
    assert ids(page(table, 5, after=first.position)) == ["0002", "0003"]
    assert ids(page(table, 5, after="0003")) == ["0004"]
    assert page(table, 5, after="0003").position is None


def test_a_row_that_alone_is_too_big_is_a_page_of_its_own() -> None:
    table = Rows(2, "x" * (PAGE_CHARACTERS_MAX + 1))
    assert (ids(page(table, 2)), page(table, 2).position) == (["0000"], "0000")


def test_a_page_of_outlines_does_not_count_long_texts() -> None:
    assert len(page(Rows(5, "x" * PAGE_CHARACTERS_MAX), 5, whole=False).items) == 5


# ---------------------------------------------------------------- rows that an index holds in part


class Parts(Table):
    """An index that has the keys alone, and a table that may have moved on since."""

    def __init__(self, statuses: dict[str, str], gone: str = "", moved: str = "", ended: str = "") -> None:
        super().__init__("rows", None)
        self.statuses, self.gone, self.moved, self.ended = statuses, gone, moved, ended
        self.read: list[int] = []

    def query(self, **params: Any) -> tuple[list[Item], Item | None]:
        low = params["ExpressionAttributeValues"][":low"]["S"]
        start = params.get("ExclusiveStartKey", {"rank": {"S": ""}})["rank"]["S"]
        ids = [each for each in sorted(self.statuses) if f"d#{each}" >= low and f"d#{each}" > start][: params["Limit"]]
        part = [{"pk": {"S": each}, "sk": {"S": "TRACK"}, "rank": {"S": f"d#{each}"}} for each in ids]
        more = bool(ids) and ids[-1] != max(self.statuses)
        return part, part[-1] if more else None

    def get_many(self, keys: Any, consistent: bool = True) -> dict[tuple[str, str], Item]:
        self.read.append(len(keys))
        return {
            (pk, sk): {
                "pk": {"S": pk},
                "sk": {"S": sk},
                "id": {"S": pk},
                "by_goal": {"S": "another" if pk in self.moved else "p"},
                "rank": {"S": f"{'e' if pk in self.ended else 'd'}#{pk}"},
                "due": {"S": self.statuses[pk]},
            }
            for pk, sk in keys
            if pk not in self.gone
        }


def part_of(table: Table, row_filter: Filter | None = None, limit: int = 3) -> Page:
    found = [Range(OF_GOAL, "p", "d#")]
    return read_page(table, found, limit=limit, descending=False, row_filter=row_filter)


def test_the_rows_of_a_page_are_read_once_and_no_others() -> None:
    table = Parts(dict.fromkeys("abcdef", "x"))
    found = part_of(table)
    assert (ids(found), found.position, table.read) == (["a", "b", "c"], "c", [3])


def test_a_row_that_went_or_left_the_list_is_left_out_and_the_page_goes_on_behind_it() -> None:
    found = part_of(Parts(dict.fromkeys("abcdef", "x"), gone="b", moved="c"))
    assert (ids(found), found.position) == (["a"], "c")


def test_what_the_index_can_not_tell_is_told_by_the_rows() -> None:
    row_filter = Filter([filters.any_of("due", ["y"])])
    table = Parts({each: "y" if each in "bdf" else "x" for each in "abcdef"})
    found = part_of(table, row_filter, limit=2)
    assert (ids(found), found.position) == (["b", "d"], "d")


def test_a_row_whose_status_moved_is_shown_by_a_list_of_both_statuses_and_not_by_one_of_the_former() -> None:
    table = Parts(dict.fromkeys("abc", "x"), ended="b")
    assert ids(part_of(table)) == ["a", "c"]
    both = [Range(OF_GOAL, "p", "d#"), Range(OF_GOAL, "p", "e#")]
    assert ids(read_page(table, both, limit=3, descending=False)) == ["a", "b", "c"]
