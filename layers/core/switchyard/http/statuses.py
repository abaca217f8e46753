"""Which HTTP status an error has: the domain's errors know none.

A surface that answers another one says so itself (`Surface.statuses`).
"""

from collections.abc import Mapping
from typing import Any

from switchyard.domain.errors import (
    Busy,
    Conflict,
    CrossSite,
    Cycle,
    Invalid,
    MissingScope,
    NotFound,
    PreconditionFailed,
    SwitchyardError,
    TooLarge,
    Unauthorized,
    UnknownReference,
    WrongContentType,
)


class MethodNotAllowed(SwitchyardError):
    """The path is served, but not under this method; `allowed` are those it is served under, for the header Allow."""

    code, title = "method_not_allowed", "Method not allowed"

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(f"This path accepts {', '.join(allowed)}." if allowed else "")
        self.allowed = allowed


class EndpointRefusal(SwitchyardError):
    """A refusal that one endpoint words itself, with its own status and body."""

    code, title = "refused", "Refused by the endpoint"

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("error") or body.get("detail") or ""))
        self.status = status
        self.body = body


#: The status of each class of errors; a class that is not listed has the one of its nearest ancestor.
STATUSES: Mapping[type[SwitchyardError], int] = {
    SwitchyardError: 500,
    Invalid: 400,
    Unauthorized: 401,
    MissingScope: 403,
    CrossSite: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    Conflict: 409,
    PreconditionFailed: 412,
    TooLarge: 413,
    WrongContentType: 415,
    UnknownReference: 422,
    Cycle: 422,
    Busy: 503,
}


def by_class[T](table: Mapping[type[SwitchyardError], T], error: SwitchyardError) -> T | None:
    """Return what a table says of an error's class, or of its nearest ancestor there; None when it says nothing."""
    return next((table[each] for each in type(error).__mro__ if each in table), None)


def status_of(error: SwitchyardError) -> int:
    """Return the status of an error where its surface has none of its own for it."""
    if isinstance(error, EndpointRefusal):
        return error.status
    return by_class(STATUSES, error) or STATUSES[SwitchyardError]
