"""The projects surface and its error body (contract: projects.md §1).

Two kinds of errors: those of the framework the contract comes from are always {type, code, detail, attr}, and name
the first refused field alone; those of one endpoint are a body of their own (EndpointRefusal).
"""

from typing import Any

from switchyard.domain.errors import (
    FieldError,
    Invalid,
    MalformedBody,
    MissingScope,
    NotFound,
    SwitchyardError,
    Unauthorized,
)
from switchyard.http.models import Shown
from switchyard.http.statuses import by_class
from switchyard.http.surface import Refused, Surface
from switchyard.surfaces.inputs import ABSENT

#: Lists of objects, whose own errors the contract reports as those of no field.
_LISTS_OF_OBJECTS = frozenset({"artifacts"})

_NO_VALUE = frozenset({"required", "null"})
_TYPES = {
    "bool_type": "Must be a valid boolean.",
    "bool_parsing": "Must be a valid boolean.",
    "int_type": "A valid integer is required.",
    "int_parsing": "A valid integer is required.",
    "int_from_float": "A valid integer is required.",
    "string_type": "Not a valid string.",
}


_NOT_FOUND = "Not found."


class Missing(NotFound):
    """Nothing is there that the caller may see; the text is shown, unlike that of other NotFound errors."""

    def __init__(self, detail: str = _NOT_FOUND) -> None:
        super().__init__(detail)


class ProjectsError(Shown):
    """Either {type, code, detail, attr}, or what the endpoint's own refusal consists of."""

    type: str = ABSENT  #: Class of the error.
    code: str = ABSENT  #: Stable word for the error: decide by this one.
    detail: str = ABSENT  #: What happened, for people.
    attr: str | None = None  #: The first refused field, `artifacts__0__size` in a list; null when it is no field.
    error: str = ABSENT  #: What happened, where the endpoint has words of its own for it.
    missing_artifact_ids: list[str] = ABSENT  #: Ids of the files that are unknown, expired or taken by another run.


#: The type that the contract has for some classes of errors; the rest are invalid requests, or the server's.
_KINDS: dict[type[SwitchyardError], str] = {
    Invalid: "validation_error",
    MalformedBody: "invalid_request",
    Unauthorized: "authentication_error",
    MissingScope: "authentication_error",
}


def _body(refused: Refused) -> dict[str, Any]:
    """Return {type, code, detail, attr}."""
    error = refused.error
    code, detail, attr = refused.code, refused.text, None
    if isinstance(error, MalformedBody):
        detail = f"JSON parse error - {error.fields[0].reason.removeprefix('is not valid JSON: ')}"
    elif isinstance(error, Invalid):
        code, detail, attr = _field(error.fields[0])
    elif isinstance(error, Unauthorized) and "authorization" not in refused.request.headers:
        code, detail = "not_authenticated", "Authentication credentials were not provided."
    elif isinstance(error, MissingScope):
        detail = f"API key missing required scope '{error.scope}'"
    elif isinstance(error, Missing):
        detail = error.detail
    kind = by_class(_KINDS, error) or ("server_error" if refused.status >= 500 else "invalid_request")
    return {"type": kind, "code": code, "detail": detail, "attr": attr}


def _field(found: FieldError) -> tuple[str, str, str]:
    """Return code, detail and attr of a refused field; elements of lists are named `artifacts__0__size`."""
    attr = found.field.replace(".", "__")
    kind = found.code
    if kind in _NO_VALUE:
        return kind, "This field is required." if kind == "required" else "This field may not be null.", attr
    if kind in _TYPES:
        return "invalid_input", _TYPES[kind], attr
    if kind in ("blank", "string_too_short"):
        return "blank", "This field may not be blank.", attr
    if kind in ("string_too_long", "too_long") and found.bound is not None:
        what = "characters" if kind == "string_too_long" else "elements"
        return "max_length", f"Ensure this field has no more than {found.bound} {what}.", attr
    if kind == "too_short" and found.bound is not None:
        return "min_length", f"Ensure this field has at least {found.bound} elements.", attr
    if kind in ("literal_error", "choice"):
        return "invalid_choice", f'"{_shown(found.given)}" is not a valid choice.', attr
    if kind == "less_than_equal":
        return "max_value", f"Ensure this value is less than or equal to {found.bound}.", attr
    if kind == "greater_than_equal":
        return "min_value", f"Ensure this value is greater than or equal to {found.bound}.", attr
    if kind == "list_type":
        detail = f'Expected a list of items but got type "{_type(found.given)}".'
        return "not_a_list", detail, f"{attr}__non_field_errors" if attr in _LISTS_OF_OBJECTS else attr
    if kind == "dict_type":
        return "not_a_dict", f'Expected a dictionary of items but got type "{_type(found.given)}".', attr
    if kind in ("model_type", "model_attributes_type"):
        whole = "non_field_errors" if attr == "body" else f"{attr}__non_field_errors"
        return "invalid_input", f"Invalid data. Expected a dictionary, but got {_type(found.given)}.", whole
    return "invalid_input", f"{found.reason}: expected {found.expected}" if found.expected else found.reason, attr


def _shown(given: Any) -> str:
    return str(given)[:100]


def _type(given: Any) -> str:
    return type(given).__name__


PROJECTS = Surface(
    "projects",
    _body,
    ProjectsError,
    statuses={Invalid: 400},
    codes={
        MalformedBody: "parse_error",
        Unauthorized: "authentication_failed",
        MissingScope: "permission_denied",
        NotFound: "not_found",
    },
    texts={
        Unauthorized: "Personal API key found in request Authorization header is invalid.",
        NotFound: _NOT_FOUND,
    },
)
