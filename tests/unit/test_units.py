"""The count of capacity units follows the documented rules (tests/support/units.py names them)."""

from typing import Any

import pytest

from tests.support import units

KEYS = ("pk", "sk")


def index(kind: str, *more: str) -> dict[str, Any]:
    schema = [{"AttributeName": "part", "KeyType": "HASH"}, {"AttributeName": "sort", "KeyType": "RANGE"}]
    projection: dict[str, Any] = {"ProjectionType": kind} | ({"NonKeyAttributes": list(more)} if more else {})
    return {"IndexName": "i", "KeySchema": schema, "Projection": projection}


def row(**values: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in {"pk": "p", "sk": "s", **values}.items()}


IN = {"part": "a", "sort": "1"}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "ä"}, 2),
        ({"N": "7"}, 2),
        ({"N": "123"}, 3),
        ({"N": "-123"}, 4),
        ({"N": "1000"}, 2),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"B": "MTIzNA=="}, 4),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"S": "c"}]}, 3 + 3 + 2),
        ({"M": {"x": {"S": "ab"}}}, 3 + 1 + 1 + 2),
    ],
)
def test_a_row_is_as_large_as_its_names_and_values(value: dict[str, Any], size: int) -> None:
    assert units.size({"name": value}) == 4 + size


@pytest.mark.parametrize(
    ("before", "after", "plain"),
    [
        (None, row(), 1),
        (row(), None, 1),
        (None, None, 1),
        (None, row(x="x" * 1_017), 1),
        (None, row(x="x" * 1_018), 2),
        (row(x="x" * 3_000), row(), 3),
        (row(), row(x="x" * 3_000), 3),
    ],
)
def test_a_write_costs_by_the_larger_image_and_twice_in_a_transaction(before: Any, after: Any, plain: int) -> None:
    assert units.table_write(before, after) == plain
    assert units.table_write(before, after, transaction=True) == 2 * plain


LARGE = "x" * 1_500


@pytest.mark.parametrize(
    ("definition", "before", "after", "expected"),
    [
        # enters, leaves, is not there
        (index("ALL"), None, row(**IN), 1),
        (index("ALL"), row(**IN), None, 1),
        (index("ALL"), row(**IN), row(part="a"), 1),
        (index("ALL"), row(part="a"), row(**IN), 1),
        (index("ALL"), None, row(part="a"), 0),
        (index("ALL"), row(part="a"), row(sort="1"), 0),
        # its key moves: one write to delete, one to put
        (index("ALL"), row(**IN), row(part="b", sort="1"), 2),
        (index("KEYS_ONLY"), row(**IN), row(part="a", sort="2"), 2),
        (index("ALL"), row(**IN, x=LARGE), row(part="a", sort="2", x="x"), 2 + 1),
        # only attributes change
        (index("ALL"), row(**IN), row(**IN, x="x"), 1),
        (index("INCLUDE", "x"), row(**IN, x="x"), row(**IN, x="y"), 1),
        (index("INCLUDE", "x"), row(**IN, y="x"), row(**IN, y="y"), 0),
        (index("KEYS_ONLY"), row(**IN, x="x"), row(**IN, x="y"), 0),
        (index("ALL"), row(**IN), row(**IN), 0),
        # what is not projected does not count
        (index("ALL"), None, row(**IN, x=LARGE), 2),
        (index("KEYS_ONLY"), None, row(**IN, x=LARGE), 1),
        (index("INCLUDE", "x"), None, row(**IN, x=LARGE, y=LARGE), 2),
    ],
)
def test_an_index_costs_what_changes_in_it(definition: Any, before: Any, after: Any, expected: int) -> None:
    assert units.index_write(definition, KEYS, before, after) == expected


@pytest.mark.parametrize(
    ("sizes", "consistent", "expected"),
    [([], True, 1), ([], False, 0.5), ([4_096], True, 1), ([4_097], True, 2), ([1_000] * 26, False, 3.5)],
)
def test_a_query_reads_its_rows_together(sizes: list[int], consistent: bool, expected: float) -> None:
    assert units.read(sizes, consistent=consistent) == expected
