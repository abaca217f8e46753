"""The composition, written once: what happens around every endpoint, in this order.

request id -> authentication -> scope -> content type, size, JSON, validation -> the handler -> one commit,
with the answer kept under its idempotency key -> headers, one log line, metrics. Errors of any step are worded
by the surface.
"""

import base64
import hashlib
import json
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from pydantic import BaseModel
from pydantic_core import from_json

from switchyard.domain.actors import Actor
from switchyard.domain.claims import Leased
from switchyard.domain.errors import (
    Busy,
    FieldError,
    IdempotencyConflict,
    Invalid,
    MissingScope,
    NotFound,
    PreconditionFailed,
    SwitchyardError,
)
from switchyard.domain.ids import parse_id
from switchyard.domain.tokens import redacted
from switchyard.http import auth
from switchyard.http.request import Request
from switchyard.http.surface import Refusal, Surface
from switchyard.http.validation import parse_body, parse_values
from switchyard.ledger.unit import Replay, Stale, Unit
from switchyard.store import idempotency
from switchyard.store.table import ConditionFailed, Item, Table

Event = Mapping[str, Any]
Response = dict[str, Any]

_MUTATING = frozenset({"POST", "PATCH", "PUT", "DELETE"})
#: Refusals that stay true for the same request, so that they are kept under its idempotency key too.
_FINAL = frozenset({404, 409, 422})
#: Seconds that a request waits at most before it decides anew: the first time, and when many want the same rows.
_FIRST_PAUSE = 0.03
_LONGEST_PAUSE = 0.4

logger = Logger(service="switchyard")
metrics = Metrics(namespace="Switchyard", service="switchyard")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, body, and headers beyond the common ones.

    The body is a JSON value, None for no body, or bytes, which go out as they are: with a content-type among the
    headers, of an operation that says so (`media`).
    `kept` stands in for the body under an idempotency key, when the body holds a secret that may not be stored.
    `logged` is added to the request's log line.
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    kept: Any = None
    logged: Mapping[str, Any] = field(default_factory=dict)


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
    key_field: str | None
    body_optional: bool
    empty: int | None
    media: str | None


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
    key_field: str | None = None,
    body_optional: bool = False,
    empty: int | None = None,
    media: str | None = None,
) -> Callable[[Handler], LambdaHandler]:
    """Make a Lambda handler of a function that takes a Call and returns a Reply.

    `routes` are `METHOD /path` of one method; `scopes` any one of which is enough; `public` needs no token;
    `keyed=False` takes no Idempotency-Key (a POST that changes nothing); `versioned` is about one track whose
    version is the ETag: its answers carry it, its changes honour If-Match; `key_field` names the field of the body
    that may carry the key in place of the header; a body that is `body_optional` is {} when it is left out;
    `empty` is the status of an answer without a body, where one can be (303: what was asked for is elsewhere);
    `media` is the content type of answers that are no JSON but bytes (`*/*`: it varies), which no key can keep.
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
            keyed and method in _MUTATING and media is None,
            versioned,
            key_field,
            body_optional,
            empty,
            media,
        )

        def run(event: Event, context: Any) -> Response:
            return _Run(operation, handler, Request.of(event), context).respond()

        run.operation = operation  # type: ignore[attr-defined]
        run.__doc__ = handler.__doc__
        return run

    return decorate


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client gets: status, headers and body text, which is base64 when the body is `binary`.

    `replayed` tells that it was given before, under a key.
    """

    status: int
    headers: Mapping[str, str]
    body: str
    replayed: bool = False
    binary: bool = False


def perform(
    work: Callable[[Unit], Reply],
    *,
    table: Table,
    actor: Actor,
    request: Request,
    key: idempotency.KeyUse | None,
    refuse: Callable[[SwitchyardError, Request], Refusal],
    fence: int | None = None,
) -> Answer:
    """Do the work on a unit of its own and commit it once, with the answer under its key; again when rows moved.

    Raises the SwitchyardErrors of the work; a final one is kept under the key too, in the words of `refuse`.
    """
    attempt, started = 0, time.monotonic()
    while True:
        ledger = Unit(table, actor, request.id, key, fence, attempt, started)
        try:
            reply = work(ledger)
            answer = _encoded(reply)
            kept = answer.body if reply.kept is None else _json(reply.kept)
            ledger.commit(answer.status, answer.headers, kept)
        except Replay as known:
            first = known.remembered
            return Answer(first.status, first.headers, first.body, replayed=True)
        except Stale:
            if time.monotonic() > table.deadline - 1:
                busy = Busy("Too many changes of the same tracks at once: try again in a second.")
                _leave_word(ledger.refused(busy), table)
                raise busy from None
            pause = min(_FIRST_PAUSE * 4**attempt, _LONGEST_PAUSE)
            time.sleep(random.uniform(0, pause))  # noqa: S311 - jitter, not a secret
            attempt += 1
        except SwitchyardError as refusal:
            _leave_word(ledger.refused(refusal), table)
            if key and _is_final(refusal):
                _keep(key, refuse(refusal, request), table)
            raise
        else:
            return answer


def _leave_word(attempts: Sequence[Item], table: Table) -> None:
    """Write what the audit trail is to know of a refusal, before it is answered."""
    if attempts:
        table.write(attempts)


def _is_final(refusal: SwitchyardError) -> bool:
    passing = (PreconditionFailed, IdempotencyConflict, Leased)
    return refusal.status in _FINAL and not isinstance(refusal, passing)


def _keep(key: idempotency.KeyUse, refusal: Refusal, table: Table) -> None:
    """Remember a final refusal under the request's key, unless the key is taken."""
    status, headers, body = refusal
    try:
        table.write([idempotency.remember(key, status, headers, redacted(body))])
    except ConditionFailed:
        logger.info("idempotency key taken meanwhile")


class _Run:
    """One request on its way through the composition."""

    def __init__(self, operation: Operation, handler: Handler, request: Request, context: Any) -> None:
        self.operation = operation
        self.handler = handler
        self.request = request
        self.started = time.perf_counter()
        self.deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000
        self.actor: Actor | None = None
        self.replayed = False
        self.logged: Mapping[str, Any] = {}

    def respond(self) -> Response:
        error: SwitchyardError | None = None
        try:
            answer = self._answer()
        except SwitchyardError as refusal:
            error = refusal
            answer = Answer(*self._refusal(refusal))
        except Exception:
            logger.exception("unhandled", operation=self.operation.name, request_id=self.request.id)
            error = SwitchyardError("Something went wrong here; the request id finds it in our log.")
            answer = Answer(*self._refusal(error))
        self._record(answer.status, error)
        headers = {"x-request-id": self.request.id, "cache-control": "no-store", **answer.headers}
        encoded = {"isBase64Encoded": True} if answer.binary else {}
        return {"statusCode": answer.status, "headers": headers, "body": answer.body, **encoded}

    def _answer(self) -> Answer:
        operation, request = self.operation, self.request
        table = shared_table() if not operation.public else None
        if table is None:
            return _encoded(self.handler(Call(request, _NOBODY, None, None, _NO_LEDGER)))
        table.deadline = self.deadline
        actor = auth.authenticate(request.headers, table).actor
        self.actor = actor = replace(actor, source=operation.surface.source, operation=operation.name)
        if not actor.may(*operation.scopes):
            raise MissingScope(operation.scopes[0])
        query = self._query(actor)
        body = parse_body(operation.body, self._raw_body()) if operation.body else None
        key = _key_use(operation, request, body, actor) if operation.keyed else None
        if_match = _if_match(request)
        answer = perform(
            lambda ledger: self._handled(Call(request, actor, body, query, ledger, if_match)),
            table=table,
            actor=actor,
            request=request,
            key=key,
            refuse=operation.surface.refuse,
            fence=_claim_fence(request) if operation.method in _MUTATING else None,
        )
        self.replayed = answer.replayed
        if answer.replayed:
            return replace(answer, headers={**answer.headers, "idempotency-replayed": "true"})
        return answer

    def _raw_body(self) -> bytes:
        optional = self.operation.body_optional and not self.request.event.get("body")
        return b"{}" if optional else self.request.json_body()

    def _handled(self, call: Call) -> Reply:
        reply = self.handler(call)
        self.logged = reply.logged
        return reply

    def _query(self, actor: Actor) -> BaseModel | None:
        """Return the query parameters; raises NotFound when they name a workspace that is not the caller's."""
        model, workspace = self.operation.query, self.operation.surface.workspace_parameter
        if model is None and (workspace is None or not self.request.query_string):
            return None
        fields = model.model_fields if model else {}
        lists = frozenset(info.alias or name for name, info in fields.items() if "list[" in str(info.annotation))
        values = self.request.query(lists)
        named = values.pop(workspace, None) if workspace else None
        if named is not None and parse_id(named) != actor.tenant_id:
            raise NotFound("There is no such workspace for this token.")
        return parse_values(model, values, "query") if model else None

    def _refusal(self, error: SwitchyardError) -> Refusal:
        """Word an error. It may quote what was sent; a token in the wrong place is not handed on with it."""
        status, headers, body = self.operation.surface.refuse(error, self.request)
        return status, headers, redacted(body)

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
            fields |= {"error": error.code, "detail": redacted(error.detail)[:500]}
        if self.replayed:
            fields["replayed"] = True
        fields |= self.logged
        logger.info("request", extra=fields)
        metrics.add_dimension("operation", self.operation.name)
        metrics.add_metric("Latency", MetricUnit.Milliseconds, milliseconds)
        metrics.add_metric("ServerErrors", MetricUnit.Count, int(status >= 500))
        metrics.add_metric("ClientErrors", MetricUnit.Count, int(400 <= status < 500))
        metrics.flush_metrics()


def _encoded(reply: Reply) -> Answer:
    if reply.body is None:
        return Answer(reply.status, reply.headers, "")
    if isinstance(reply.body, bytes):
        return Answer(reply.status, reply.headers, base64.b64encode(reply.body).decode(), binary=True)
    return Answer(reply.status, {"content-type": "application/json", **reply.headers}, _json(reply.body))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _key_use(operation: Operation, request: Request, body: BaseModel | None, actor: Actor) -> idempotency.KeyUse | None:
    """Return the use of the request's key, from the header or the body's field; raises Invalid when they differ."""
    key = request.headers.get("idempotency-key")
    named = getattr(body, operation.key_field) if operation.key_field else None
    expected = f"1 to {idempotency.KEY_MAX} printable ASCII characters"
    if key is not None and not 1 <= len(key) <= idempotency.KEY_MAX:
        raise Invalid(FieldError("Idempotency-Key", f"has {len(key)} characters", expected, "length"))
    if key is not None and not (key.isascii() and key.isprintable()):
        raise Invalid(FieldError("Idempotency-Key", "has other characters than a header may", expected, "characters"))
    if key is not None and named is not None and key != named:
        problem = "differs from the header Idempotency-Key"
        raise Invalid(FieldError(str(operation.key_field), problem, "one key, in either place", "conflict"))
    key = named if key is None else key
    if key is None:
        return None
    raw = request.body()
    content = canonical(from_json(raw), operation.key_field) if body is not None and raw else raw.hex()
    conditions = [request.headers.get(name, "") for name in ("if-match", "claim-fence")]
    return key_use(actor, key, operation.name, request.path, request.query_string, *conditions, content)


def key_use(actor: Actor, key: str, *what: str) -> idempotency.KeyUse:
    """Return the use of a key by the actor for what the words name, in this order."""
    return idempotency.KeyUse(actor.tenant_id, actor.id, key, hashlib.sha256("\n".join(what).encode()).hexdigest())


def canonical(value: Any, without: str | None = None) -> str:
    """Return a JSON value as text that is the same for any order of its fields; `without` leaves one field out."""
    if without is not None:
        value = {name: each for name, each in value.items() if name != without}
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _claim_fence(request: Request) -> int | None:
    given = request.headers.get("claim-fence")
    if given is None:
        return None
    if not re.fullmatch(r"[0-9]{1,15}", given, re.ASCII):
        raise Invalid(FieldError("Claim-Fence", f"{given[:40]!r} is no fence", "the number that the claim gave"))
    return int(given)


def _if_match(request: Request) -> frozenset[str] | None:
    given = request.headers.get("if-match")
    if given is None:
        return None
    return frozenset(tag.strip().removeprefix("W/") for tag in given.split(","))


_NOBODY = Actor("", "", "user", frozenset(), "")
_NO_LEDGER = Unit(Table("", None), _NOBODY, "")
