"""The projects surface as the composition knows it: its error body (contract: projects.md §1).

Two kinds of errors: those of the framework the contract comes from are always {type, code, detail, attr}, and tell of
the first refused field alone; those of one endpoint are a body of their own (ViewError).
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict

from switchyard.domain.errors import (
    FieldError,
    Invalid,
    MalformedBody,
    MissingScope,
    NotFound,
    SwitchyardError,
    Unauthorized,
)
from switchyard.http.request import Request
from switchyard.http.surface import Refusal, Surface, common_headers

#: The default of a member that may be missing.
_ABSENT: Any = None

#: Lists of objects, whose own errors the contract tells as those of no field.
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


class ViewError(SwitchyardError):
    """A refusal that one endpoint words by itself, e.g. {"error": …} or {"detail": …, "missing_artifact_ids": […]}."""

    code, title = "refused", "Refused by the endpoint"

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("error") or body.get("detail") or ""))
        self.status = status
        self.body = body


class Missing(NotFound):
    """Nothing is there that the caller may see; the text is shown, unlike that of other NotFound errors."""

    def __init__(self, detail: str = "Not found.") -> None:
        super().__init__(detail)


class ProjectsError(BaseModel):
    """Either {type, code, detail, attr}, or what the endpoint's own refusal consists of."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    type: str = _ABSENT
    code: str = _ABSENT
    detail: str = _ABSENT
    attr: str | None = None
    error: str = _ABSENT
    missing_artifact_ids: list[str] = _ABSENT


def refuse(error: SwitchyardError, request: Request) -> Refusal:
    """Word an error as {type, code, detail, attr}, or as the endpoint has it."""
    headers = {"content-type": "application/json", **common_headers(error)}
    if isinstance(error, ViewError):
        return error.status, headers, json.dumps(error.body, ensure_ascii=False)
    status = 400 if isinstance(error, Invalid) else error.status
    kind, code, detail, attr = _told(error, request)
    body = {"type": kind, "code": code, "detail": detail, "attr": attr}
    return status, headers, json.dumps(body, ensure_ascii=False)


def _told(error: SwitchyardError, request: Request) -> tuple[str, str, str, str | None]:
    """Return type, code, detail and attr of an error."""
    if isinstance(error, MalformedBody):
        reason = error.fields[0].reason.removeprefix("is not valid JSON: ")
        return "invalid_request", "parse_error", f"JSON parse error - {reason}", None
    if isinstance(error, Invalid):
        return "validation_error", *_field(error.fields[0])
    if isinstance(error, Unauthorized):
        if "authorization" not in request.headers:
            missing = "Authentication credentials were not provided."
            return "authentication_error", "not_authenticated", missing, None
        wrong = "Personal API key found in request Authorization header is invalid."
        return "authentication_error", "authentication_failed", wrong, None
    if isinstance(error, MissingScope):
        scope = error.scope.replace("tasks:", "task:")
        return "authentication_error", "permission_denied", f"API key missing required scope '{scope}'", None
    if isinstance(error, NotFound):
        detail = error.detail if isinstance(error, Missing) else Missing().detail
        return "invalid_request", "not_found", detail, None
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error", error.code, error.detail, None
    return "invalid_request", error.code, error.detail, None


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


PROJECTS = Surface("projects", refuse, ProjectsError)
