"""RFC 9457 problem details: the error answers of planning, administration and the service's own endpoints."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from switchyard.domain.errors import Cycle, IdempotencyConflict, Invalid, MissingScope, SwitchyardError
from switchyard.http.request import Request
from switchyard.http.surface import Refusal, Surface, common_headers


class ProblemField(BaseModel):
    """One refused input: its dotted path, why, and what would be right."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    field: str
    code: str
    reason: str
    expected: str = ""


class Problem(BaseModel):
    """Problem details (RFC 9457). `code` is stable; `errors` lists the refused inputs, `cycle` the ids of a circle."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", defer_build=True)

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[ProblemField] = []
    cycle: list[str] = []
    required_scope: str = ""
    idempotency_key: str = ""


def refuse(error: SwitchyardError, request: Request) -> Refusal:
    """Word an error as application/problem+json; `code` is stable, `errors` lists the refused fields."""
    problem: dict[str, Any] = {
        "type": f"urn:switchyard:problem:{error.code.replace('_', '-')}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": request.path,
        "code": error.code,
        "requestId": request.id,
    }
    if isinstance(error, Invalid):
        problem["errors"] = [
            {"field": f.field, "code": f.code, "reason": f.reason} | ({"expected": f.expected} if f.expected else {})
            for f in error.fields
        ]
    if isinstance(error, Cycle):
        problem["cycle"] = error.path
    if isinstance(error, MissingScope):
        problem["requiredScope"] = error.scope
    if isinstance(error, IdempotencyConflict):
        problem["idempotencyKey"] = error.key
    headers = {"content-type": "application/problem+json", **common_headers(error)}
    return error.status, headers, json.dumps(problem, ensure_ascii=False)


SERVICE = Surface("service", refuse, Problem)
