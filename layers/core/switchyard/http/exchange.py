"""One request and its answer: what happens around every handler.

There are four kinds, by what the handler gets: the request alone, the request with the table, the caller, or a call
with a unit of work.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from switchyard.aws.telemetry import logger
from switchyard.domain.actors import Actor
from switchyard.domain.errors import MissingScope, SwitchyardError
from switchyard.domain.structs import replace
from switchyard.domain.tokens import redacted
from switchyard.http.answers import Answer, encoded, unless_known
from switchyard.http.auth import authenticate
from switchyard.http.call import Call, Caller, Opened, Reply
from switchyard.http.container import shared_table
from switchyard.http.idempotency_keys import key_of
from switchyard.http.log import record
from switchyard.http.operation import MUTATING, Operation
from switchyard.http.perform import perform
from switchyard.http.reading import claim_fence, read_input, read_query
from switchyard.http.request import Request
from switchyard.http.surface import Refusal
from switchyard.store.table import Table

Event = Mapping[str, Any]
Response = dict[str, Any]


_PERSONAL = "A program that a person connected cannot do this: they do it themselves, in the console."


class Exchange[Given](ABC):
    """Errors are formatted by the surface, headers added, a line logged; `answer` runs the handler on what it gets.

    `deadline` is when the function ends at the latest (time.monotonic); `actor` and `table` are None until the
    caller is known.
    """

    def __init__(self, operation: Operation, handler: Callable[[Given], Reply], request: Request, context: Any) -> None:
        self.operation = operation
        self.handler = handler
        self.request = request
        self.started = time.perf_counter()
        self.deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000
        self.actor: Actor | None = None
        self.table: Table | None = None

    @abstractmethod
    def answer(self) -> Answer:
        """Run the handler; raises SwitchyardErrors."""

    def respond(self) -> Response:
        """Return the answer as API Gateway takes it (payload 2.0)."""
        error: SwitchyardError | None = None
        try:
            answer = self.answer()
            if self.operation.method == "GET" and not self.operation.media:
                answer = unless_known(answer, self.request)
        except SwitchyardError as refusal:
            error = refusal
            answer = Answer(*self._refusal(refusal))
        except Exception as unhandled:  # noqa: BLE001 - the last resort: logged whole, answered 500
            named = {"operation": self.operation.name, "request_id": self.request.id}
            logger.error("unhandled", extra=named, exc_info=unhandled)
            error = SwitchyardError("Internal error; quote the request id to find it in the log.")
            answer = Answer(*self._refusal(error))
        replayed = {"idempotency-replayed": "true"} if answer.replayed else {}
        self._record(answer, error)
        common = {"x-request-id": self.request.id, "cache-control": "no-store"}
        binary = {"isBase64Encoded": True} if answer.binary else {}
        headers = {**common, **answer.headers, **replayed}
        cookies = {"cookies": list(answer.cookies)} if answer.cookies else {}
        return {"statusCode": answer.status, "headers": headers, "body": answer.body, **binary, **cookies}

    def _refusal(self, error: SwitchyardError) -> Refusal:
        """Format an error. It may quote the input, but never a token in it."""
        status, headers, body = self.operation.surface.refuse(error, self.request)
        return status, headers, redacted(body)

    def _record(self, answer: Answer, error: SwitchyardError | None) -> None:
        milliseconds = round((time.perf_counter() - self.started) * 1000, 2)
        named = self.request.path_parameters.get("run_id")
        more = {**({"correlation_id": named} if named else {}), **answer.logged}
        if answer.replayed:
            more["replayed"] = True
        elif self.operation.method in MUTATING:
            more["change"] = True
        record(self.operation.name, self.request.id, answer.status, milliseconds, self.actor, error, more)


class PublicExchange(Exchange[Request]):
    """Anybody may ask, and nothing is read or written."""

    def answer(self) -> Answer:
        return encoded(self.handler(self.request))


class OpenExchange[Body, Query](Exchange[Opened[Body, Query]]):
    """Anybody may ask; the handler gets the input and the table, and decides by itself who is meant."""

    def answer(self) -> Answer:
        # Imported here: most functions without a token have neither body nor query.
        from switchyard.http.parsing import parse_body, parse_values

        operation, request, table = self.operation, self.request, shared_table()
        table.deadline = self.deadline
        body: Any = None
        if operation.body and operation.form:
            body = parse_values(operation.body, request.form(), "body")
        elif operation.body:
            body = parse_body(operation.body, request.json_body())
        query: Any = parse_values(operation.query, request.query(frozenset()), "query") if operation.query else None
        return encoded(self.handler(Opened(request, body, query, table)))


class _AuthenticatedExchange[Given](Exchange[Given]):
    def admit(self) -> tuple[Actor, Table]:
        """Return the caller and the table; raises Unauthorized or MissingScope."""
        table = shared_table()
        table.deadline = self.deadline
        row, table = authenticate(self.request, table, self.operation.reads)
        actor = replace(row.actor, source=self.operation.surface.source, operation=self.operation.name)
        self.actor, self.table = actor, table
        if not actor.may(*self.operation.scopes):
            raise MissingScope(self.operation.scopes[0])
        if self.operation.personal and row.client is not None:
            raise MissingScope(self.operation.scopes[0], _PERSONAL)
        for scope in self.operation.also:
            if not actor.may(scope):
                raise MissingScope(scope)
        return actor, table


class CallerExchange(_AuthenticatedExchange[Caller]):
    """The handler reads the request and performs what it asks for."""

    def answer(self) -> Answer:
        actor, table = self.admit()
        read_query(self.operation, self.request, actor)
        return encoded(self.handler(Caller(self.request, actor, table)))


class UnitExchange[Body, Query](_AuthenticatedExchange[Call[Body, Query]]):
    """The request is read by the operation's models, and its work committed once."""

    def answer(self) -> Answer:
        try:
            return self._perform()
        except SwitchyardError as refusal:
            wants = self.operation.wants
            if wants and self.actor and self.table:
                from switchyard.http import refusals

                sent, about = refusals.json_object(self.request), self.operation.about
                named = about(sent) if about else self.request.path_parameters.get("id")
                refusals.record(self.table, self.actor, self.request.id, named, wants(sent), refusal)
            raise

    def _perform(self) -> Answer:
        operation, request = self.operation, self.request
        actor, table = self.admit()
        given = read_input(operation, request, actor, table)
        return perform(
            self.handler,
            given,
            table=table,
            surface=operation.surface,
            key=key_of(operation, request, given.body, actor) if operation.keyed else None,
            fence=claim_fence(operation, request),
        )
