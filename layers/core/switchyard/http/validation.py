"""Checks of values, each refusing with what would be right."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from switchyard.domain.errors import FieldError, Invalid
from switchyard.domain.ids import parse_id

#: Made once: json.dumps makes an encoder for each value.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False).encode
#: Levels of objects and lists in free-form JSON: many readers refuse a hundred, and an answer adds its own.
JSON_DEPTH_MAX = 32


def bounded_json[J](value: J, most: int) -> J:
    """Return free-form JSON as it came.

    Raises Expectation when it is not JSON (infinite numbers), nests too deeply, or has more than `most` bytes.
    """
    if not _nests_within(value, JSON_DEPTH_MAX):
        raise Expectation("nests too deeply", f"at most {JSON_DEPTH_MAX} levels of objects and lists", "too_deep")
    try:
        size = len(_encode(value).encode())
    except ValueError as error:
        raise Expectation(f"is not valid JSON: {error}", "finite numbers, no lone surrogates") from None
    if size > most:
        raise Expectation(f"has {size} bytes", f"at most {most} bytes of JSON", "too_long")
    return value


def _nests_within(value: Any, levels: int) -> bool:
    """Walk level by level, so that no depth of nesting exhausts the stack."""
    level = [value]
    for _ in range(levels + 1):
        level = [each for each in level if isinstance(each, dict | list)]
        if not level:
            return True
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return False


def read_id(text: str) -> str:
    """Return an id in any surface's form as UUID; raises Expectation."""
    found = parse_id(text)
    if found is None:
        raise Expectation(f"{text[:80]!r} is not a valid id", "an id as answers show it", "id")
    return found


def checked[V, T](field: str, check: Callable[[V], T], value: V) -> T:
    """Return what a check makes of a value that no model reads; raises Invalid, naming the field, for Expectation."""
    try:
        return check(value)
    except Expectation as problem:
        raise Invalid(FieldError(field, str(problem), problem.expected, problem.code)) from None


def check_json_size(value: Any, field: str, most: int) -> None:
    """Raise Invalid, naming the field, where bounded_json refuses the value."""
    checked(field, partial(bounded_json, most=most), value)


class Expectation(ValueError):
    """A refusal raised by one of our validators, with what would be right.

    `field` names the one to change, where several are checked together.
    """

    def __init__(self, reason: str, expected: str, code: str = "invalid", field: str = "") -> None:
        super().__init__(reason)
        self.field = field
        self.expected = expected
        self.code = code
