"""From pydantic's findings to errors a client can act on: which field, why, what would be right."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from switchyard.domain.errors import FieldError, Invalid, MalformedBody
from switchyard.domain.ids import parse_id

#: Where a value lies in an input, step by step.
Loc = tuple[int | str, ...]


class Wire(BaseModel):
    """Base of request bodies: strict types, unknown fields refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class Query(BaseModel):
    """Base of query parameters: text is read as numbers where numbers are asked for, unknown names refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def parse_body[M: BaseModel](model: type[M], raw: bytes) -> M:
    """Return the body as the model; raises MalformedBody for what is not JSON and Invalid for the rest."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise refusal(error, "body") from None


def parse_values[M: BaseModel](model: type[M], values: Mapping[str, Any], root: str) -> M:
    """Return values (of a query, of a tool call) as the model; raises Invalid. `root` names them as a whole."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise refusal(error, root) from None


#: Levels of objects and lists in free-form JSON: many readers refuse a hundred, and an answer adds its own.
JSON_DEPTH_MAX = 32


def bounded_json[J](value: J, most: int) -> J:
    """Return free-form JSON as it came.

    Raises Expectation when it is not JSON (infinite numbers), nests too deeply, or has more than `most` bytes.
    """
    if not _nests_within(value, JSON_DEPTH_MAX):
        raise Expectation("nests too deeply", f"at most {JSON_DEPTH_MAX} levels of objects and lists", "too_deep")
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
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
        raise Expectation(f"{text[:80]!r} is not a valid id", "a UUID", "id")
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


def is_malformed(error: ValidationError) -> bool:
    """Return whether a body is not JSON at all."""
    return error.errors(include_url=False)[0]["type"] == "json_invalid"


def refusal(error: ValidationError, root: str, is_read_only: Callable[[Loc], bool] = lambda _: False) -> Invalid:
    """Return pydantic's findings as one of our errors.

    `root` names the input as a whole; `is_read_only` says of an unknown field whether answers have it.
    """
    found = error.errors(include_url=False)
    if is_malformed(error):
        reason = str(found[0]["ctx"]["error"])
        return MalformedBody(FieldError("body", f"is not valid JSON: {reason}", "a JSON object", "malformed"))
    return Invalid(*(_field_error(each, root, is_read_only) for each in found[:20]))


def _field_error(found: Any, root: str, is_read_only: Callable[[Loc], bool]) -> FieldError:
    kind, context = found["type"], found.get("ctx") or {}
    field = ".".join(str(part) for part in found["loc"]) or root
    if kind == "missing":
        return FieldError(field, "is required", "", "required")
    if kind != "value_error" and found["input"] is None:
        return FieldError(field, "may not be null", 'a value; leave the field out to keep it, "" clears it', "null")
    if kind == "extra_forbidden" and is_read_only(found["loc"]):
        return FieldError(field, "is read-only", "the value that is shown, or no such field", "read_only")
    if kind == "extra_forbidden":
        return FieldError(field, "is not a known field", "no such field, or its correct name", "unknown_field")
    if kind == "value_error":
        problem = context["error"]
        if isinstance(problem, Expectation):
            return FieldError(field, str(problem), problem.expected, problem.code, found["input"])
        return FieldError(field, str(problem), "", "invalid", found["input"])
    bound = next((context[name] for name in _BOUNDS if name in context), None)
    return FieldError(field, _sentence(found["msg"]), _EXPECTED.get(kind, ""), kind, found["input"], bound)


class Expectation(ValueError):
    """A refusal raised by one of our validators, with what would be right."""

    def __init__(self, reason: str, expected: str, code: str = "invalid") -> None:
        super().__init__(reason)
        self.expected = expected
        self.code = code


def _sentence(message: str) -> str:
    message = message.removeprefix("Input ")
    return message[:1].lower() + message[1:]


#: What pydantic calls the limit that a value oversteps.
_BOUNDS = ("max_length", "min_length", "le", "ge")

_EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_parsing": "an integer",
    "bool_type": "true or false",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "string_unicode": "text without lone surrogates",
}
