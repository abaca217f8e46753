"""The follow-ups surface as the composition knows it, and how it words errors (contract: followups.md §4.2)."""

import os
from typing import Any

from switchyard.domain.errors import Busy, IdempotencyConflict, Invalid, MissingScope
from switchyard.http.surface import Refused, Surface
from switchyard.surfaces.followups import present
from switchyard.surfaces.followups.replies import ErrorShown

#: Where the page lies that explains each code: the environment variable DOCS_URL, else the page in the repository.
DOCS_URL = os.environ.get("DOCS_URL") or "docs/followups.md"


def error_object(refused: Refused) -> dict[str, Any]:
    """Return the object of an error: code, message, request_id, docs_url, and the code's extras."""
    error = refused.error
    found: dict[str, Any] = {
        "code": refused.code,
        "message": refused.text,
        "request_id": refused.request.id,
        "docs_url": f"{DOCS_URL}#{refused.code}",
    }
    if isinstance(error, Invalid):
        found["field_errors"] = [{"field": each.field, "message": each.sentence} for each in error.fields]
    if isinstance(error, MissingScope):
        found["required_scope"] = error.scope
    if isinstance(error, IdempotencyConflict):
        found["idempotency_key"] = error.key
    if error.retry_after is not None:
        found["retry_after_seconds"] = error.retry_after
    return found


def _body(refused: Refused) -> dict[str, Any]:
    return {"error": error_object(refused)}


FOLLOWUPS = Surface(
    "followups",
    _body,
    ErrorShown,
    statuses={Invalid: 400},
    codes={Invalid: "validation_failed", Busy: "internal_error"},
    show_id=present.task_id,
)
