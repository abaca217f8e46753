"""The pool surface and its error body, with the document's own messages."""

from http import HTTPStatus
from typing import Any

from switchyard.domain.errors import FieldError, Invalid, MalformedBody, Unauthorized
from switchyard.domain.ids import task_id
from switchyard.domain.lifecycle import PRIORITIES
from switchyard.http.surface import Refused, Surface
from switchyard.surfaces.pool.models import PoolError
from switchyard.surfaces.pool.workflow import STATUSES, InvalidTransition

_CHOICES = {
    "status": f"Invalid status. Must be: {', '.join(STATUSES)}",
    "priority": f"Invalid priority. Must be: {', '.join(reversed(PRIORITIES))}",
    "assigneeType": "Invalid assignee type. Must be: agent, user",
    "limit": "Invalid limit. Must be: a whole number from 1 to 100",
}
_MISSING = frozenset({"required", "null", "blank", "string_too_short"})


def _body(refused: Refused) -> dict[str, Any]:
    """Return {error, statusCode, statusMessage, message}; `data` adds what a program can act on."""
    error, message = refused.error, refused.text
    if isinstance(error, Invalid) and error.fields and not isinstance(error, MalformedBody):
        message = "; ".join(dict.fromkeys(map(_about, error.fields)))
    answer: dict[str, Any] = {
        "error": True,
        "statusCode": refused.status,
        "statusMessage": HTTPStatus(refused.status).phrase,
        "message": message,
    }
    if isinstance(error, InvalidTransition):
        answer["data"] = {"allowed": list(error.allowed)}
    return answer


def _about(found: FieldError) -> str:
    if found.field == "title" and found.code in _MISSING:
        return "Missing required field: title"
    if found.code == "required":
        return f"Missing required field: {found.field}"
    if found.field in _CHOICES:
        return _CHOICES[found.field]
    if found.code == "null":
        return f"Invalid {found.field}: may not be null. Must be: a value, or no such field"
    expected = f". Must be: {found.expected}" if found.expected else ""
    return f"Invalid {found.field}: {found.reason}{expected}"


POOL = Surface(
    "pool",
    _body,
    PoolError,
    texts={Unauthorized: "Invalid or expired token", MalformedBody: "Invalid JSON in request body"},
    show_id=task_id,
)
