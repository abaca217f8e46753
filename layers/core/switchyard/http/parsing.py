"""From what was sent to models.

pydantic's findings become errors a client can act on: which field, why, what would be right.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from switchyard.domain.errors import FieldError, Invalid, MalformedBody
from switchyard.http.core import ValidationError
from switchyard.http.models import Model
from switchyard.http.validation import Expectation

#: Where a value lies in an input, step by step.
Loc = tuple[int | str, ...]


def parse_body[M: Model](model: type[M], raw: bytes, root: str = "body") -> M:
    """Return the body as the model; raises MalformedBody for what is not JSON and Invalid for the rest.

    `root` names it as a whole.
    """
    try:
        found = model.model_validate_json(raw)
    except ValidationError as error:
        raise refusal(error, root, model) from None
    refuse_repeated(raw)
    return found


def parse_values[M: Model](model: type[M], values: Mapping[str, Any], root: str) -> M:
    """Return values (of a query, of a tool call) as the model; raises Invalid. `root` names them as a whole."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise refusal(error, root, model) from None


def is_malformed(error: ValidationError) -> bool:
    """Return whether a body is not JSON at all."""
    return error.errors(include_url=False)[0]["type"] == "json_invalid"


def refuse_repeated(raw: bytes) -> None:
    """Raise Invalid for an object that names a field twice: of two values one would be lost without a word.

    RFC 8259 §4 leaves what such an object means to its reader. `raw` was read as JSON before.
    """
    _OBJECTS.decode(raw.decode())


def once(pairs: list[tuple[str, Any]]) -> None:
    """Raise Invalid where one of an object's fields is there twice, however many it has: up to 1 MiB of them."""
    if len(dict(pairs)) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise Invalid(FieldError(twice[:80], "is given twice", "one value", "duplicate"))


#: Looks at objects alone. Numbers stay texts: they may have as many digits as a body.
_OBJECTS = json.JSONDecoder(object_pairs_hook=once, parse_int=str, parse_float=str)


def refusal(
    error: ValidationError, root: str, model: type[Model], is_read_only: Callable[[Loc], bool] = lambda _: False
) -> Invalid:
    """Return pydantic's findings about what a model was to read as one of our errors.

    `root` names the input as a whole; `is_read_only` says of an unknown field whether answers have it.
    """
    found = error.errors(include_url=False)
    if is_malformed(error):
        reason = str(found[0]["ctx"]["error"])
        return MalformedBody(FieldError("body", f"is not valid JSON: {reason}", "a JSON object", "malformed"))
    return Invalid(*(_field_error(each, root, model, is_read_only) for each in found[:20]))


def _field_error(found: Any, root: str, model: type[Model], is_read_only: Callable[[Loc], bool]) -> FieldError:
    kind, context = found["type"], found.get("ctx") or {}
    field = ".".join(str(part) for part in found["loc"]) or root
    if kind == "missing":
        return FieldError(field, "is required", "", "required")
    if kind == "extra_forbidden":
        return _extra(field, found, model, is_read_only)
    if kind != "value_error" and found["input"] is None:
        return FieldError(field, "may not be null", _instead_of_null(found["loc"]), "null")
    if kind == "value_error":
        problem = context["error"]
        if isinstance(problem, Expectation):
            field = ".".join(str(part) for part in (*found["loc"], problem.field) if part != "") or root
            return FieldError(field, str(problem), problem.expected, problem.code, found["input"])
        return FieldError(field, str(problem), "", "invalid", found["input"])
    bound = next((context[name] for name in _BOUNDS if name in context), None)
    reason = _REASONS.get(kind) or _sentence(found["msg"])
    return FieldError(field, reason, _EXPECTED.get(kind, ""), kind, found["input"], bound)


def _extra(field: str, found: Any, model: type[Model], is_read_only: Callable[[Loc], bool]) -> FieldError:
    # Imported here: most requests have no such field.
    from switchyard.http import known_fields

    loc, given = found["loc"], found["input"]
    if is_read_only(loc):
        inner = known_fields.unwrapped_at(model, loc, given)
        changed = f"; to change {inner}, send it without {field!r} around" if inner else ""
        return FieldError(field, "is read-only", f"the value that is shown, or no such field{changed}", "read_only")
    return FieldError(field, "is not a known field", known_fields.instead_of(model, loc, given), "unknown_field")


def _instead_of_null(loc: Loc) -> str:
    """Say what would be right: an element, or the whole body, cannot be left out."""
    if not loc:
        return "a JSON object"
    if isinstance(loc[-1], int):
        return "a value"
    return 'a value; an optional field may be left out, and "" clears one that can be empty'


def _sentence(message: str) -> str:
    message = message.removeprefix("Input ").replace(" after validation", "")
    return message[:1].lower() + message[1:]


#: What pydantic calls the limit that a value oversteps.
_BOUNDS = ("max_length", "min_length", "le", "ge")

#: What pydantic says in Python's words, with the names of classes, when values are read and not JSON.
_REASONS = {
    "dict_type": "should be an object",
    "list_type": "should be a valid array",
    "model_type": "should be an object",
}

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
