"""What can go wrong, in the domain's words. http/statuses.py has the statuses, each surface its own words."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from switchyard.domain.structs import Struct


class FieldError(Struct):
    """One refused input: which field (dotted path), why, and what would be right.

    `given` is what was sent, and `bound` the limit that it oversteps, where an answer has words for them.
    """

    field: str
    reason: str
    expected: str = ""
    code: str = "invalid"
    given: Any = None
    bound: int | None = None

    @property
    def sentence(self) -> str:
        """Return why it was refused, and what would be right, in one sentence."""
        return f"{self.reason}; expected {self.expected}" if self.expected else self.reason


class SwitchyardError(Exception):
    """Base of all errors that have an answer; `code` is stable and the same on every surface."""

    code = "internal_error"
    title = "Internal error"
    #: Seconds after which the same request may go through; None when waiting does not help.
    retry_after: int | None = None
    #: Whether the refusal is recorded in the audit trail.
    audited = False

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail or self.title

    def worded(self, show_id: Callable[[str], str]) -> str:  # noqa: ARG002 - for errors that name tracks
        """Return the detail with the ids of tracks as a surface shows them."""
        return self.detail


class Unauthorized(SwitchyardError):
    code, title = "unauthorized", "Missing, damaged, expired or revoked token"


class MissingScope(SwitchyardError):
    code, title = "missing_required_scope", "The token lacks a scope"

    def __init__(self, scope: str, detail: str = "") -> None:
        needed = f"This operation needs the scope {scope}; ask an administrator for a token that has it."
        super().__init__(detail or needed)
        self.scope = scope


class CrossSite(SwitchyardError):
    """A request with a session's cookie that a page of another site may have caused."""

    code, title = "cross_site_request", "The request may come from another site"


class NotFound(SwitchyardError):
    """Missing, deleted, of another tenant or another person's: one answer for all."""

    code, title = "resource_not_found", "Not found"


class NoSuchTrack(NotFound):
    """There is no such track that the caller may see."""

    def __init__(self, kind: str, track_id: str) -> None:
        self.kind, self.track_id = kind, track_id
        super().__init__(self.worded(str))

    def worded(self, show_id: Callable[[str], str]) -> str:
        """Return what is not there, by the id as a surface shows it."""
        return f"There is no {self.kind} with the id {show_id(self.track_id)}."


class Invalid(SwitchyardError):
    """The request itself is wrong; nothing was written."""

    code, title = "validation_failed", "The request is not valid"

    def __init__(self, *fields: FieldError, detail: str = "") -> None:
        super().__init__(detail or "; ".join(f"{f.field}: {f.reason}" for f in fields[:3]))
        self.fields = fields


class MalformedBody(Invalid):
    code, title = "malformed_body", "The body is not JSON"


class TooLarge(SwitchyardError):
    code, title = "body_too_large", "The body is too large"


class WrongContentType(SwitchyardError):
    code, title = "unsupported_media_type", "The body is not declared as JSON"


class WrongEncoding(WrongContentType):
    """The body is compressed."""


class UnknownReference(Invalid):
    """A track refers to another one that is not there, not of the right type, or not visible."""

    code, title = "unknown_reference", "A referenced track does not exist"


class Cycle(Invalid):
    """Parents or dependencies would form a cycle; `path` lists the ids, the first repeated at the end."""

    code, title = "cycle", "The tracks would form a cycle"

    def __init__(self, field: str, path: list[str]) -> None:
        shown = " -> ".join(path)
        super().__init__(FieldError(field, f"forms a cycle: {shown}", "an acyclic graph", "cycle"))
        self.path = path


class Conflict(SwitchyardError):
    code, title = "conflict", "The change conflicts with the present state"


class Prerequisite(Struct):
    """A task that another one waits for; `fate` says why it will never be done (None: it may be)."""

    id: str
    fate: Literal["cancelled", "deleted"] | None = None


class Blocked(Conflict):
    """The task depends on others that are not done."""

    code, title = "blocked", "The task waits for others"

    def __init__(self, waits_for: Sequence[Prerequisite]) -> None:
        self.waits_for = tuple(waits_for)
        super().__init__(self.worded(str))

    def worded(self, show_id: Callable[[str], str]) -> str:
        """Return what is open, and who can resolve what will never be done."""
        named = [show_id(each.id) + (f" ({each.fate})" if each.fate else "") for each in self.waits_for]
        blocked = f"The task is blocked: it depends on {', '.join(named)}, not completed yet."
        if not any(each.fate for each in self.waits_for):
            return blocked
        return f"{blocked} What was cancelled or deleted is never completed: take the dependency away, or reopen it."


class ExternalIdTaken(Conflict):
    """Another track of the tenant has the external id."""

    code, title = "external_id_taken", "The external id is taken"

    def __init__(self, external_id: str) -> None:
        super().__init__(f"Another track has the external id {external_id[:80]!r}: it is unique in the tenant.")


class Answered(Conflict):
    """The question has its answer already."""

    code, title = "answered", "The question is answered"

    def __init__(self, answer: str, answered_by: str, at: str) -> None:
        super().__init__(f"{answered_by} answered at {at}: {answer!r}.")
        self.answer, self.answered_by = answer, answered_by


class ApprovalRequired(Conflict):
    """An agent would do what a person must approve."""

    code, title = "approval_required", "A person must approve"


class PreconditionFailed(SwitchyardError):
    code, title = "precondition_failed", "The track has changed since it was read"


class IdempotencyConflict(Conflict):
    code, title = "idempotency_conflict", "The idempotency key was used for another request"

    def __init__(self, key: str) -> None:
        super().__init__("This idempotency key was already used with a different request: use a new key.")
        self.key = key


class TooManyRequests(SwitchyardError):
    """The tenant made more requests than its limit allows."""

    code, title = "rate_limited", "Too many requests"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"The workspace made more requests than its limit allows: try again in {max(seconds, 1)} s.")
        self.retry_after = max(seconds, 1)


class Busy(SwitchyardError):
    """AWS throttled or timed out until no time was left: the caller may retry."""

    code, title = "temporarily_unavailable", "Temporarily unavailable"
    retry_after = 1
