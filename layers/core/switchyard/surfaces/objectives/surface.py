"""The objectives surface as the composition knows it: errors are google.rpc.Status (contract: objectives.md §1.5)."""

import json
from typing import Any

from switchyard.domain.errors import Conflict, Invalid, MissingScope, SwitchyardError
from switchyard.http.request import Request
from switchyard.http.surface import Refusal, Surface, common_headers
from switchyard.surfaces.objectives.replies import Status

_TYPES = "type.googleapis.com/google.rpc."

#: gRPC's number for each status that this service answers with.
_CODES = {
    400: 3,  # INVALID_ARGUMENT
    401: 16,  # UNAUTHENTICATED
    403: 7,  # PERMISSION_DENIED
    404: 5,  # NOT_FOUND
    405: 12,  # UNIMPLEMENTED
    409: 10,  # ABORTED
    412: 9,  # FAILED_PRECONDITION
    413: 3,
    415: 3,
    422: 3,
    429: 8,  # RESOURCE_EXHAUSTED
    500: 13,  # INTERNAL
    503: 14,  # UNAVAILABLE
}


class AlreadyExists(Conflict):
    """Another live objective has this external id."""

    code, title = "already_exists", "The external id is taken"
    grpc_code = 6


class WrongState(Conflict):
    """The objective's state does not allow what was asked."""

    code, title = "wrong_state", "The objective's state does not allow this"
    grpc_code = 9


def refuse(error: SwitchyardError, request: Request) -> Refusal:
    """Word an error as google.rpc.Status: what to do with it is in `details`."""
    info: dict[str, Any] = {
        "@type": f"{_TYPES}ErrorInfo",
        "reason": error.code.upper(),
        "domain": "switchyard",
        "metadata": {"requestId": request.id},
    }
    details = [info]
    if isinstance(error, MissingScope):
        info["metadata"]["requiredScope"] = error.scope
    if isinstance(error, Invalid):
        violations = [
            {"field": f.field, "description": _sentence(f.reason, f.expected), "reason": f.code.upper()}
            for f in error.fields
        ]
        details.append({"@type": f"{_TYPES}BadRequest", "fieldViolations": violations})
    headers = {"content-type": "application/json", **common_headers(error)}
    if "retry-after" in headers:
        details.append({"@type": f"{_TYPES}RetryInfo", "retryDelay": f"{headers['retry-after']}s"})
    if error.status == 409:
        # The clients of this contract try every 409 again, and none of ours goes away by itself.
        headers["x-should-retry"] = "false"
    code = getattr(error, "grpc_code", _CODES[error.status])
    body = {"code": code, "message": error.detail, "details": details}
    return error.status, headers, json.dumps(body, ensure_ascii=False)


def _sentence(reason: str, expected: str) -> str:
    return f"{reason}; expected {expected}" if expected else reason


OBJECTIVES = Surface("objectives", refuse, Status)
