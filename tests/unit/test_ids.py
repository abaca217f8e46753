"""Ids: in the order of creation, read in any spelling, and the same each time for what is derived."""

import uuid

import pytest

from switchyard.domain import ids


def test_ids_of_one_process_grow_strictly_within_a_millisecond_too() -> None:
    made = [ids.new_id() for _ in range(5_000)]
    assert made == sorted(set(made))
    assert {uuid.UUID(each).version for each in made} == {7}


def test_a_derived_id_is_the_same_for_the_same_instant_and_source_alone() -> None:
    made = ids.derived_id(1_780_651_800_123, "tenant#event")
    assert made == ids.derived_id(1_780_651_800_123, "tenant#event")
    assert made not in (ids.derived_id(1_780_651_800_124, "tenant#event"), ids.derived_id(1_780_651_800_123, "other"))
    found = uuid.UUID(made)
    assert (found.version, found.variant, found.int >> 80) == (7, uuid.RFC_4122, 1_780_651_800_123)


def test_a_derived_id_stays_what_rows_of_earlier_versions_have() -> None:
    assert ids.derived_id(1_780_651_800_123, "tenant#event") == "019e971e-363b-7caa-817c-a1a2c5d7b5ab"


def test_derived_ids_are_in_the_order_of_their_instants() -> None:
    made = [ids.derived_id(each, "same") for each in (1, 0xFFF, 1_000_000, 1_780_651_800_123, (1 << 48) - 1)]
    assert made == sorted(made)


def test_the_lowest_id_of_an_instant_is_below_all_that_are_made_then_and_above_all_before() -> None:
    lowest = ids.lowest_id(1_780_651_800.0)
    assert lowest <= ids.id_at(1_780_651_800_000)
    assert lowest > ids.id_at(1_780_651_799_999)


@pytest.mark.parametrize("spelling", ["{}", "task_{}", "obj_{}", "goal_{}"])
def test_an_id_is_read_in_the_spelling_of_every_surface(spelling: str) -> None:
    made = ids.new_id()
    for given in (made, made.upper(), made.replace("-", ""), f"{made} \n"):
        assert ids.parse_id(spelling.format(given)) == made


@pytest.mark.parametrize("text", ["", "task_", "x" * 36, "task_1", "a_" + "0" * 32, "0" * 31, "0" * 33, "0" * 65])
def test_what_is_no_id_is_none(text: str) -> None:
    assert ids.parse_id(text) is None


def test_bare_digits_and_the_ids_of_other_systems_are_names_where_a_text_may_be_one() -> None:
    made = ids.new_id()
    assert (ids.named_id(made), ids.named_id(f"task_{made}"), ids.named_id(f"obj_{made}")) == (made, made, made)
    assert ids.named_id(made.replace("-", "")) is None
    assert ids.named_id(f"tw_{made}") is None
