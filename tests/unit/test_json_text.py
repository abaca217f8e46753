"""The pieces of a value are together what json.dumps writes."""

import json
import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from switchyard.domain.json_text import pieces

VALUES: Any = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner) | some.tuples(inner) | some.dictionaries(some.text() | some.integers(), inner),
)


def text(value: Any, **options: Any) -> str:
    return "".join(pieces(**options)(value, 0))


@pytest.mark.parametrize("ascii_only", [False, True])
@given(value=VALUES)
def test_the_text_is_that_of_json_dumps_without_spaces(ascii_only: bool, value: Any) -> None:
    wanted = json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))
    assert text(value, ascii_only=ascii_only) == wanted


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_an_infinite_number_is_refused_where_it_may_not_be(value: float) -> None:
    assert json.loads(text(["x", 1.5])) == ["x", 1.5]
    with pytest.raises(ValueError, match="JSON compliant"):
        text({"a": [value]}, infinite=False)


def test_what_json_does_not_have_is_made_into_something_or_refused() -> None:
    assert text({"on": date(2026, 6, 5)}, default=str) == '{"on":"2026-06-05"}'
    with pytest.raises(TypeError, match="date"):
        text({"on": date(2026, 6, 5)})
