"""From a request to the input of its operation: query, body, and the headers that set conditions."""

import re
from typing import Any

from switchyard.domain.actors import Actor
from switchyard.domain.errors import FieldError, Invalid, NotFound
from switchyard.domain.ids import parse_id
from switchyard.http.call import Call, Input
from switchyard.http.operation import MUTATING, Operation
from switchyard.http.request import Request
from switchyard.ledger.unit import Unit
from switchyard.store.table import Table

#: How many digits a fence has at most: every reader of JSON counts so far exactly.
FENCE_DIGITS = 15


def read_input(operation: Operation, request: Request, actor: Actor, table: Table) -> Input[Any, Any]:
    """Return what a request asks for; raises Invalid and the other errors of a request that is wrong."""
    query = read_query(operation, request, actor)
    body = _read_body(operation, request, actor, table) if operation.body else None
    return Input(request, actor, body, query, _if_match(request))


def read_query(operation: Operation, request: Request, actor: Actor) -> Any:
    """Return the query parameters, where an empty one says as much as one left out.

    Raises NotFound when they name a workspace that is not the caller's.
    """
    model, workspace = operation.query, operation.surface.workspace_parameter
    if model is None and (workspace is None or not request.query_string):
        return None
    values = request.query(operation.query_lists)
    named = values.pop(workspace, None) if workspace else None
    if named is not None and parse_id(named) != actor.tenant_id:
        raise NotFound("There is no such workspace for this token.")
    if model is None:
        return None
    # Imported here, as below: only what has a model pays for pydantic's core.
    from switchyard.http.parsing import parse_values

    known = {field.alias or name for name, field in model.model_fields.items()}
    given = {name: value for name, value in values.items() if value != "" or name not in known}
    return parse_values(model, given, "query")


def claim_fence(operation: Operation, request: Request) -> int | None:
    """Return the fence under which a request makes its changes, if it names one; raises Invalid."""
    given = request.headers.get("claim-fence")
    if given is None or operation.method not in MUTATING:
        return None
    if not re.fullmatch(rf"[0-9]{{1,{FENCE_DIGITS}}}", given, re.ASCII):
        problem = f"{given[:40]!r} is not a valid fence"
        raise Invalid(FieldError("Claim-Fence", problem, "the number that the claim gave"))
    return int(given)


def _read_body(operation: Operation, request: Request, actor: Actor, table: Table) -> Any:
    """Return the body; what a record shows is read in a unit of its own, which writes nothing."""
    model, show, raw = operation.body, operation.shown, _raw_body(operation, request)
    assert model
    if show is None:
        from switchyard.http.parsing import parse_body

        return parse_body(model, raw)
    from switchyard.http.unchanged import read_body

    unit = Unit(table, actor, request.id)
    return read_body(model, raw, lambda body: show(Call(request, actor, body, None, unit=unit)))


def _raw_body(operation: Operation, request: Request) -> bytes:
    optional = operation.body_optional and not request.event.get("body")
    return b"{}" if optional else request.json_body()


def _if_match(request: Request) -> frozenset[str] | None:
    return request.tags("if-match") if "if-match" in request.headers else None
