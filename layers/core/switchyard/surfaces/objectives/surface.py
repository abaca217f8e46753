"""The objectives surface. Its errors are google.rpc.Status (contract: objectives.md §1.5)."""

from typing import Any

from switchyard.domain.errors import (
    Busy,
    Conflict,
    Invalid,
    MissingScope,
    NotFound,
    PreconditionFailed,
    SwitchyardError,
    TooLarge,
    Unauthorized,
    WrongContentType,
)
from switchyard.http.statuses import MethodNotAllowed, by_class
from switchyard.http.surface import Refused, Surface
from switchyard.surfaces.objectives import present
from switchyard.surfaces.objectives.replies import Status

_TYPES = "type.googleapis.com/google.rpc."


class AlreadyExists(Conflict):
    """Another live objective has this external id."""

    code, title = "already_exists", "The external id is taken"


class WrongState(Conflict):
    """The objective's state does not allow what was asked."""

    code, title = "wrong_state", "The objective's state does not allow this"


#: gRPC's number for each class of errors.
_CODES: dict[type[SwitchyardError], int] = {
    SwitchyardError: 13,  # INTERNAL
    Invalid: 3,  # INVALID_ARGUMENT
    TooLarge: 3,
    WrongContentType: 3,
    Unauthorized: 16,  # UNAUTHENTICATED
    MissingScope: 7,  # PERMISSION_DENIED
    NotFound: 5,  # NOT_FOUND
    MethodNotAllowed: 12,  # UNIMPLEMENTED
    Conflict: 10,  # ABORTED
    AlreadyExists: 6,  # ALREADY_EXISTS
    WrongState: 9,  # FAILED_PRECONDITION
    PreconditionFailed: 9,
    Busy: 14,  # UNAVAILABLE
}


def _body(refused: Refused) -> dict[str, Any]:
    """Return a google.rpc.Status: what to do with it is in `details`."""
    error = refused.error
    info: dict[str, Any] = {
        "@type": f"{_TYPES}ErrorInfo",
        "reason": refused.code.upper(),
        "domain": "switchyard",
        "metadata": {"requestId": refused.request.id},
    }
    details = [info]
    if isinstance(error, MissingScope):
        info["metadata"]["requiredScope"] = error.scope
    if isinstance(error, Invalid):
        violations = [
            {"field": each.field, "description": each.sentence, "reason": each.code.upper()} for each in error.fields
        ]
        details.append({"@type": f"{_TYPES}BadRequest", "fieldViolations": violations})
    if error.retry_after is not None:
        details.append({"@type": f"{_TYPES}RetryInfo", "retryDelay": f"{error.retry_after}s"})
    return {"code": by_class(_CODES, error), "message": refused.text, "details": details}


def _headers(refused: Refused) -> dict[str, str]:
    """The clients of this contract try every 409 again, and none of ours goes away with time."""
    return {"x-should-retry": "false"} if refused.status == 409 else {}


OBJECTIVES = Surface("objectives", _body, Status, headers=_headers, show_id=present.task_id)
