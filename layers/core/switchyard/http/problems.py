"""RFC 9457 problem details: the error answers of planning, administration and the service's own endpoints."""

from typing import Any

from switchyard.domain.errors import Answered, Cycle, IdempotencyConflict, Invalid, MissingScope
from switchyard.http.models import Shown, to_camel
from switchyard.http.surface import Refused, Surface


class ProblemField(Shown):
    """One refused input: its dotted path, why, and what would be right."""

    field: str  #: Path of the refused input in the request: `task.dependsOn.0`, a query parameter's or a header's name.
    code: str  #: Stable word for the kind of refusal, such as `required` or `too_long`.
    reason: str  #: What is wrong with the value, for people.
    expected: str = ""  #: What would be right.


class Problem(Shown):
    """Problem details (RFC 9457). `code` is stable; `errors` lists the refused inputs, `cycle` the ids along it.

    `answer` and `answeredBy` are what a question was answered before.
    """

    model_config = {"alias_generator": to_camel}

    type: str  #: URN of the kind of problem: `urn:switchyard:problem:` and the code with dashes.
    title: str  #: The kind of problem in a few words, the same each time.
    status: int  #: The answer's HTTP status.
    detail: str  #: What happened to this request, for people.
    instance: str  #: Path of the request.
    code: str  #: Stable word for the problem: decide by this one.
    request_id: str  #: Names the request in logs and in the audit trail.
    errors: list[ProblemField] = []  #: The refused inputs, all that were found at once.
    #: Ids along the cycle of references that the change would close, the first repeated at the end.
    cycle: list[str] = []
    required_scope: str = ""  #: The scope that the token lacks.
    idempotency_key: str = ""  #: The key that was used before for another request.
    answer: str = ""  #: What the question was answered before.
    answered_by: str = ""  #: Id of the actor who answered it.


def problem(refused: Refused) -> dict[str, Any]:
    """Return the body of an error answer; `code` is stable, `errors` lists the refused fields."""
    error = refused.error
    body: dict[str, Any] = {
        "type": f"urn:switchyard:problem:{refused.code.replace('_', '-')}",
        "title": error.title,
        "status": refused.status,
        "detail": refused.text,
        "instance": refused.request.path,
        "code": refused.code,
        "requestId": refused.request.id,
    }
    if isinstance(error, Invalid):
        body["errors"] = [
            {"field": f.field, "code": f.code, "reason": f.reason} | ({"expected": f.expected} if f.expected else {})
            for f in error.fields
        ]
    if isinstance(error, Cycle):
        body["cycle"] = error.path
    if isinstance(error, MissingScope):
        body["requiredScope"] = error.scope
    if isinstance(error, IdempotencyConflict):
        body["idempotencyKey"] = error.key
    if isinstance(error, Answered):
        body |= {"answer": error.answer, "answeredBy": error.answered_by}
    return body


def native_surface(name: str, workspace_parameter: str | None = None) -> Surface:
    """Return a surface of our own, which refuses with problem details."""
    return Surface(name, problem, Problem, "application/problem+json", workspace_parameter=workspace_parameter)


SERVICE = native_surface("service")
