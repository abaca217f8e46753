"""Pages as a merge of key ranges, over a table that answers as DynamoDB does: a Query ends early when it is big."""

from typing import Any

from switchyard.store.indexes import LISTED_BY_ID
from switchyard.store.lists import PAGE_CHARACTERS_MAX, Page, Range, read_page
from switchyard.store.table import Item, Table

PER_QUERY = 3


class Rows(Table):
    """Rows of one partition; a Query reads PER_QUERY of them at most, as if more were over 1 MB."""

    def __init__(self, count: int, description: str = "") -> None:
        super().__init__("rows", None)
        self.rows = [{"id": {"S": f"{n:04d}"}, "description": {"S": description}} for n in range(count)]

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
