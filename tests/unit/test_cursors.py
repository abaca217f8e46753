"""Cursors: the position of a page for one list alone, and nothing else."""

import base64

import pytest

from switchyard.domain.errors import Invalid
from switchyard.store.lists import CURSOR_MAX, fingerprint, from_cursor, to_cursor

LIST = fingerprint("tenant", "user_ada", "tasks", {"status": "todo"})


@pytest.mark.parametrize("position", ["", " ", "a#01a204c8-80c2-7000-ba82-bb7801b17d9b", "Grüße 👩‍👧", "x" * 700])
def test_a_cursor_names_its_position(position: str) -> None:
    cursor = to_cursor(position, LIST)
    assert cursor is not None
    assert from_cursor(cursor, LIST) == position


def test_the_end_of_a_list_has_no_cursor_and_the_first_page_needs_none() -> None:
    assert to_cursor(None, LIST) is None
    assert from_cursor(None, LIST) is None


@pytest.mark.parametrize(
    "other",
    [
        fingerprint("another", "user_ada", "tasks", {"status": "todo"}),
        fingerprint("tenant", "user_bo", "tasks", {"status": "todo"}),
        fingerprint("tenant", "user_ada", "goals", {"status": "todo"}),
        fingerprint("tenant", "user_ada", "tasks", {"status": "done"}),
    ],
)
def test_a_cursor_is_refused_by_every_other_list(other: str) -> None:
    with pytest.raises(Invalid, match="cursor: is damaged, or belongs to another list"):
        from_cursor(to_cursor("position", LIST), other)


def test_the_order_in_which_filters_are_named_makes_no_other_list() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})


def test_a_cursor_that_was_changed_anywhere_is_refused() -> None:
    cursor = to_cursor("a#0123456789", LIST)
    assert cursor is not None
    whole = cursor + "=" * (-len(cursor) % 4)
    raw = base64.urlsafe_b64decode(whole)
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(Invalid):
            from_cursor(base64.urlsafe_b64encode(changed).decode(), LIST)


@pytest.mark.parametrize("text", ["", "x", "not base64!", "é", "/+/+", "w6k"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        from_cursor(text, LIST, "page")
    (problem,) = refused.value.fields
    assert (problem.field, problem.expected) == ("page", "the cursor of this list's last page")


def test_a_cursor_may_be_as_long_as_its_bound_and_no_longer() -> None:
    # Twelve characters are the check; four of base64 hold three.
    longest = to_cursor("x" * (CURSOR_MAX * 3 // 4 - 12), LIST)
    assert longest is not None
    assert len(longest) == CURSOR_MAX
    assert from_cursor(longest, LIST) == "x" * (CURSOR_MAX * 3 // 4 - 12)
    longer = to_cursor("x" * (CURSOR_MAX * 3 // 4 - 11), LIST)
    with pytest.raises(Invalid):
        from_cursor(longer, LIST)
