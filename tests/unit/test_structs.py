"""Structs: what they promise of dataclasses, and that none is generated in the layer."""

from collections.abc import Mapping
from typing import Any

import pytest

from switchyard.domain.structs import Struct, replace


class Point(Struct):
    x: int
    y: int = 0
    names: Mapping[str, str] = {}


class Named(Point, kw_only=True):
    name: str


def test_fields_are_given_in_their_order_or_by_name() -> None:
    assert Point(1, 2) == Point(y=2, x=1) == Point(1, y=2, names={})
    assert Named(1, name="a").as_dict() == {"x": 1, "y": 0, "names": {}, "name": "a"}


@pytest.mark.parametrize(
    ("given", "named", "problem"),
    [
        ((), {}, "Point: x missing or unknown"),
        ((), {"y": 1}, "Point: x missing or unknown"),
        ((1,), {"z": 1}, "Point: z missing or unknown"),
        ((), {"y": 1, "z": 2, "names": {}}, "x, z missing or unknown"),
        ((1, 2, {}), {"z": 1}, "z missing or unknown"),
        ((1, 2, {}, 4), {}, "more values than fields"),
        ((1,), {"x": 1}, "given twice"),
    ],
)
def test_a_field_that_is_missing_unknown_or_given_twice_is_refused(
    given: tuple[Any, ...], named: dict[str, Any], problem: str
) -> None:
    with pytest.raises(TypeError, match=problem):
        Point(*given, **named)


def test_a_field_given_by_name_alone_takes_no_place() -> None:
    with pytest.raises(TypeError, match="more values than fields"):
        Named(1, 2, {}, "a")  # type: ignore[call-arg, misc]


def test_a_struct_does_not_change() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match="Point is not to be changed: x"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="Point is not to be changed: x"):
        del point.x
    assert point == Point(1)


def test_structs_are_equal_by_their_class_and_fields() -> None:
    assert Point(1) != Point(2)
    assert Point(1) != Named(1, name="a")
    assert Point(1, names={"a": "b"}) != (1, 0, {"a": "b"})
    assert hash(Replaced(1, 2)) == hash(Replaced.made({"b": 2, "a": 1})) != hash(Replaced(2, 1))
    assert repr(Point(1)) == "Point(x=1, y=0, names={})"


class Replaced(Struct):
    a: int
    b: int


def test_a_mutable_default_is_made_anew() -> None:
    first, second = Point(1), Point(1)
    assert first.names is not second.names
    assert first.names is not Point.field_defaults["names"]


def test_fields_are_replaced_in_a_copy() -> None:
    point = Point(1, 2)
    assert replace(point, y=3) == Point(1, 3)
    assert point == Point(1, 2)
    with pytest.raises(TypeError, match="Point has no z"):
        replace(point, z=1)


def test_structs_are_taken_apart_by_position() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
