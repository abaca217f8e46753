"""The pool surface as the composition knows it: its error body, with the document's own messages."""

import json
from http import HTTPStatus
from typing import Any

from switchyard.domain.errors import FieldError, Invalid, MalformedBody, NotFound, SwitchyardError, Unauthorized
from switchyard.domain.lifecycle import PRIORITIES
from switchyard.http.request import Request
from switchyard.http.surface import Refusal, Surface, common_headers
from switchyard.surfaces.pool.models import PoolError
from switchyard.surfaces.pool.workflow import STATUSES, InvalidTransition

_CHOICES = {
    "status": f"Invalid status. Must be: {', '.join(STATUSES)}",
    "priority": f"Invalid priority. Must be: {', '.join(reversed(PRIORITIES))}",
    "assigneeType": "Invalid assignee type. Must be: agent, user",
    "limit": "Invalid limit. Must be: a whole number from 1 to 100",
}
_MISSING = frozenset({"required", "null", "blank", "string_too_short"})


def refuse(error: SwitchyardError, _request: Request) -> Refusal:
    """Word an error as {error, statusCode, statusMessage, message}; `data` adds what a program can act on."""
    answer: dict[str, Any] = {
        "error": True,
        "statusCode": error.status,
        "statusMessage": HTTPStatus(error.status).phrase,
        "message": _message(error),
    }
    if isinstance(error, InvalidTransition):
        answer["data"] = {"allowed": list(error.allowed)}
    headers = {"content-type": "application/json", **common_headers(error)}
    return error.status, headers, json.dumps(answer, ensure_ascii=False)


def _message(error: SwitchyardError) -> str:
    if isinstance(error, Unauthorized):
        return "Invalid or expired token"
    if isinstance(error, MalformedBody):
        return "Invalid JSON in request body"
    if isinstance(error, NotFound):
        return error.detail
    if isinstance(error, Invalid) and error.fields:
        return _about(error.fields[0])
    return error.detail


def _about(found: FieldError) -> str:
    if found.field == "title" and found.code in _MISSING:
        return "Missing required field: title"
    if found.code == "required":
        return f"Missing required field: {found.field}"
    if found.field in _CHOICES:
        return _CHOICES[found.field]
    expected = f". Must be: {found.expected}" if found.expected else ""
    return f"Invalid {found.field}: {found.reason}{expected}"


POOL = Surface("pool", refuse, PoolError)
