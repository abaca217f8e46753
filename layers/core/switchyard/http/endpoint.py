"""The composition, written once: what happens around every endpoint, in this order.

request id -> authentication -> scope -> content type, size, JSON, validation -> the handler -> one commit,
with the answer kept under its idempotency key -> headers, one log line, metrics. Errors of any step are worded
by the surface.
"""

import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from pydantic import BaseModel

from switchyard.domain.actors import Actor
from switchyard.domain.errors import (
    Busy,
    FieldError,
    IdempotencyConflict,
    Invalid,
    MissingScope,
    PreconditionFailed,
    SwitchyardError,
)
from switchyard.domain.ids import parse_id
from switchyard.http import auth
from switchyard.http.request import Request
from switchyard.http.surface import Surface
from switchyard.http.validation import parse_body, parse_query
from switchyard.ledger.unit import Replay, Stale, Unit
from switchyard.store import idempotency
from switchyard.store.table import ConditionFailed, Table

Event = Mapping[str, Any]
Response = dict[str, Any]

_MUTATING = frozenset({"POST", "PATCH", "PUT", "DELETE"})
#: Refusals that stay true for the same request, so that they are kept under its idempotency key too.
_FINAL = frozenset({404, 409, 422})
_SOURCES = frozenset({"api", "mcp", "admin"})

logger = Logger(service="switchyard")
metrics = Metrics(namespace="Switchyard", service="switchyard")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, JSON value (None: no body), and headers beyond the common ones."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """What a handler works with: the caller, the validated input, and the unit of work to change tracks by."""

    request: Request
    actor: Actor
    body: Any
    query: Any
    ledger: Unit
    if_match: frozenset[str] | None = None

    @property
    def path(self) -> Mapping[str, str]:
        return self.request.path_parameters

    def path_id(self, name: str = "id") -> str:
        """Return the UUID that the path carries in any surface's spelling; raises Invalid for what is no id."""
        given = self.path[name]
        found = parse_id(given)
        if found is None:
            raise Invalid(FieldError(name, f"{given[:80]!r} is not an id", "a UUID", "id"))
        return found


@dataclass(frozen=True, slots=True)
class Operation:
    """What an endpoint promises, for the router, the documentation and the tests."""

    name: str
    method: str
    paths: tuple[str, ...]
    scopes: tuple[str, ...]
    surface: Surface
    summary: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    reply: type[BaseModel] | None
    status: int
    public: bool
    keyed: bool
    versioned: bool


Handler = Callable[[Call], Reply]
LambdaHandler = Callable[[Event, Any], Response]

_table: Table | None = None


def shared_table() -> Table:
    """Return the container's table, made on first use."""
    global _table
    if _table is None:
        _table = Table.from_environment()
    return _table


def use_table(table: Table | None) -> None:
    """Put another table in place of the container's (tests and benchmarks)."""
    global _table
    _table = table
    auth.forget_all()


def endpoint(
    surface: Surface,
    name: str,
    *routes: str,
    scopes: tuple[str, ...] = (),
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    reply: type[BaseModel] | None = None,
    status: int = 200,
    public: bool = False,
    keyed: bool = True,
    versioned: bool = False,
) -> Callable[[Handler], LambdaHandler]:
    """Make a Lambda handler of a function that takes a Call and returns a Reply.

    `routes` are `METHOD /path` of one method; `scopes` any one of which is enough; `public` needs no token;
    `keyed=False` takes no Idempotency-Key (a POST that changes nothing); `versioned` is about one track whose
    version is the ETag: its answers carry it, its changes honour If-Match.
    """
    method = routes[0].partition(" ")[0]
    paths = tuple(route.partition(" ")[2] for route in routes)

    def decorate(handler: Handler) -> LambdaHandler:
        summary = (handler.__doc__ or "").partition("\n")[0]
        operation = Operation(
            name,
            method,
            paths,
            scopes,
            surface,
            summary,
            body,
            query,
            reply,
            status,
            public,
            keyed and method in _MUTATING,
            versioned,
        )

        def run(event: Event, context: Any) -> Response:
            return _Run(operation, handler, Request.of(event), context).respond()

        run.operation = operation  # type: ignore[attr-defined]
        run.__doc__ = handler.__doc__
        return run

    return decorate


class _Run:
    """One request on its way through the composition."""

    def __init__(self, operation: Operation, handler: Handler, request: Request, context: Any) -> None:
        self.operation = operation
        self.handler = handler
        self.request = request
        self.started = time.perf_counter()
        self.deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000
        self.actor: Actor | None = None
        self.key: idempotency.KeyUse | None = None
        self.replayed = False

    def respond(self) -> Response:
        error: SwitchyardError | None = None
        try:
            status, headers, body = self._answer()
        except SwitchyardError as refusal:
            error = refusal
            status, headers, body = self.operation.surface.refuse(refusal, self.request)
        except Exception:
            logger.exception("unhandled", operation=self.operation.name, request_id=self.request.id)
            error = SwitchyardError("Something went wrong here; the request id finds it in our log.")
            status, headers, body = self.operation.surface.refuse(error, self.request)
        self._record(status, error)
        headers = {"x-request-id": self.request.id, "cache-control": "no-store", **headers}
        return {"statusCode": status, "headers": headers, "body": body}

    def _answer(self) -> tuple[int, Mapping[str, str], str]:
        operation, request = self.operation, self.request
        table = shared_table() if not operation.public else None
        if table is None:
            return _encoded(self.handler(Call(request, _NOBODY, None, None, _NO_LEDGER)))
        table.deadline = self.deadline
        self.actor = actor = auth.authenticate(request.headers, table).actor
        if not actor.may(*operation.scopes):
            raise MissingScope(operation.scopes[0])
        query = self._query()
        body = parse_body(operation.body, request.json_body()) if operation.body else None
        if operation.keyed:
            self.key = _key_use(operation, request, actor)
        if_match = _if_match(request)
        while True:
            ledger = Unit(table, actor, request.id, self.key)
            try:
                reply = self.handler(Call(request, actor, body, query, ledger, if_match))
                status, headers, text = _encoded(reply)
                ledger.commit(status, headers, text)
            except Replay as known:
                self.replayed = True
                first = known.remembered
                return first.status, {**first.headers, "idempotency-replayed": "true"}, first.body
            except Stale:
                if time.monotonic() > self.deadline - 1:
                    raise Busy("Too many changes of the same tracks at once: try again in a second.") from None
                time.sleep(random.uniform(0, 0.03))  # noqa: S311 - jitter, not a secret
            except SwitchyardError as refusal:
                self._keep(refusal, table)
                raise
            else:
                return status, headers, text

    def _query(self) -> BaseModel | None:
        model = self.operation.query
        if model is None:
            return None
        lists = frozenset(
            info.alias or name for name, info in model.model_fields.items() if "list[" in str(info.annotation)
        )
        return parse_query(model, self.request.query(lists))

    def _keep(self, refusal: SwitchyardError, table: Table) -> None:
        """Remember a final refusal under the request's key, unless the key is taken."""
        final = refusal.status in _FINAL and not isinstance(refusal, (PreconditionFailed, IdempotencyConflict))
        if not self.key or not final:
            return
        status, headers, body = self.operation.surface.refuse(refusal, self.request)
        try:
            table.write([idempotency.remember(self.key, status, headers, body)])
        except ConditionFailed:
            logger.info("key taken meanwhile", operation=self.operation.name)

    def _record(self, status: int, error: SwitchyardError | None) -> None:
        milliseconds = round((time.perf_counter() - self.started) * 1000, 2)
        fields: dict[str, Any] = {
            "operation": self.operation.name,
            "status": status,
            "ms": milliseconds,
            "request_id": self.request.id,
        }
        if self.actor:
            fields |= {
                "tenant": self.actor.tenant_id,
                "actor": self.actor.id,
                "token_id": self.actor.token_id,
            }
        if error:
            fields |= {"error": error.code, "detail": error.detail[:500]}
        if self.replayed:
            fields["replayed"] = True
        logger.info("request", extra=fields)
        metrics.add_dimension("operation", self.operation.name)
        metrics.add_metric("Latency", MetricUnit.Milliseconds, milliseconds)
        metrics.add_metric("ServerErrors", MetricUnit.Count, int(status >= 500))
        metrics.add_metric("ClientErrors", MetricUnit.Count, int(400 <= status < 500))
        metrics.flush_metrics()


def _encoded(reply: Reply) -> tuple[int, Mapping[str, str], str]:
    if reply.body is None:
        return reply.status, reply.headers, ""
    text = json.dumps(reply.body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return reply.status, {"content-type": "application/json", **reply.headers}, text


def _key_use(operation: Operation, request: Request, actor: Actor) -> idempotency.KeyUse | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= idempotency.KEY_MAX:
        expected = f"1 to {idempotency.KEY_MAX} characters"
        raise Invalid(FieldError("Idempotency-Key", f"has {len(key)} characters", expected, "length"))
    seal = hashlib.sha256(f"{operation.name}\n{request.path}\n{request.query_string}\n".encode())
    seal.update(request.headers.get("if-match", "").encode())
    seal.update(request.body())
    return idempotency.KeyUse(actor.tenant_id, actor.id, key, seal.hexdigest())


def _if_match(request: Request) -> frozenset[str] | None:
    given = request.headers.get("if-match")
    if given is None:
        return None
    return frozenset(tag.strip().removeprefix("W/") for tag in given.split(","))


_NOBODY = Actor("", "", "user", frozenset(), "")
_NO_LEDGER = Unit(Table("", None), _NOBODY, "")
