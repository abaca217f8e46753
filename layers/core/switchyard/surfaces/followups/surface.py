"""The follow-ups surface as the composition knows it, and how it words errors (contract: followups.md §4.2)."""

import json
import os
from typing import Any

from switchyard.domain.errors import IdempotencyConflict, Invalid, MissingScope, SwitchyardError
from switchyard.http.request import Request
from switchyard.http.surface import Refusal, Surface, common_headers
from switchyard.surfaces.followups.replies import ErrorShown

#: Where the page lies that explains each code: the environment variable DOCS_URL, else the page in the repository.
DOCS_URL = os.environ.get("DOCS_URL") or "docs/followups.md"


def error_object(error: SwitchyardError, request_id: str) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status of an error and its object: code, message, request_id, docs_url, and the code's extras."""
    invalid = isinstance(error, Invalid)
    code = "validation_failed" if invalid else "internal_error" if error.status >= 500 else error.code
    found: dict[str, Any] = {
        "code": code,
        "message": error.detail,
        "request_id": request_id,
        "docs_url": f"{DOCS_URL}#{code}",
    }
    if isinstance(error, Invalid):
        found["field_errors"] = [
            {"field": f.field, "message": f"{f.reason}; expected {f.expected}" if f.expected else f.reason}
            for f in error.fields
        ]
    if isinstance(error, MissingScope):
        found["required_scope"] = error.scope
    if isinstance(error, IdempotencyConflict):
        found["idempotency_key"] = error.key
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        found["retry_after_seconds"] = retry_after
    return 400 if invalid else error.status, found


def refuse(error: SwitchyardError, request: Request) -> Refusal:
    """Word an error as this surface does: `{"error": {…}}`."""
    status, found = error_object(error, request.id)
    headers = {"content-type": "application/json", **common_headers(error)}
    return status, headers, json.dumps({"error": found}, ensure_ascii=False)


FOLLOWUPS = Surface("followups", refuse, ErrorShown)
