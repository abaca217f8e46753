"""The decorators that make a Lambda handler of a function, by what the function gets.

`endpoint`: request id -> authentication -> scope -> content type, size, JSON, validation -> the handler -> one commit,
with the answer kept under its idempotency key -> headers, one log line, metrics. Errors of any step are formatted by
the surface. `public_endpoint` skips everything between the request and the handler, `open_endpoint` authentication and
commit, `committing_endpoint` what comes after the scope: its handler calls perform.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict, Unpack, overload

from switchyard.http import container
from switchyard.http.call import Call, Caller, Opened, Reply
from switchyard.http.exchange import (
    CallerExchange,
    Event,
    Exchange,
    OpenExchange,
    PublicExchange,
    Response,
    UnitExchange,
)
from switchyard.http.models import Model
from switchyard.http.operation import MUTATING, Operation, Reads, query_lists, the_track
from switchyard.http.request import Request
from switchyard.http.surface import Surface

__all__ = [
    "Call",
    "Caller",
    "Opened",
    "Reply",
    "Request",
    "committing_endpoint",
    "endpoint",
    "open_endpoint",
    "public_endpoint",
    "the_track",
]

LambdaHandler = Callable[[Event, Any], Response]
type Decorator[Given] = Callable[[Callable[[Given], Reply]], LambdaHandler]


class Answers(TypedDict, total=False):
    """What an endpoint answers: `reply` is the body's model, `status` that of success.

    `empty` is the status of an answer without a body, where one can be (303: what was asked for is elsewhere); `media`
    is the content type of answers that are bytes, not JSON (`*/*`: it varies), which no key can keep.
    """

    reply: type[Model]
    status: int
    empty: int
    media: str


class Promises(Answers, total=False):
    """What else an endpoint with a ledger promises. Any one of `scopes` is enough; beside it, all of `also` are needed.
    What is `personal` is closed to programs that people connected, whatever their scopes.

    `keyed=False` takes no Idempotency-Key (a POST that changes nothing); `versioned` is about one track whose version
    is the ETag: its answers carry it, its changes honour If-Match; `key_field` names the field of the body that may
    carry the key in place of the header; a body that is `body_optional` is {} when it is left out. `shown` returns what
    the record of the path shows, or what a new one does: a body may carry it back (unchanged.py). `wants` says which
    status a body, as it was sent, means to give the track of the path (`id`), for the audit trail of what is refused;
    `about` returns the track's id from the body where the path has none. `reads` tells the rows that the handler reads
    first, so that they are read together with a token that names its tenant (http/auth.py).
    """

    scopes: tuple[str, ...]
    also: tuple[str, ...]
    personal: bool
    keyed: bool
    versioned: bool
    key_field: str
    body_optional: bool
    shown: Callable[[Call[Any]], Any]
    wants: Callable[[Mapping[str, Any]], str | None]
    about: Callable[[Mapping[str, Any]], object]
    reads: Reads


@overload
def endpoint(surface: Surface, name: str, *routes: str, **promises: Unpack[Promises]) -> Decorator[Call]: ...
@overload
def endpoint[B: Model](
    surface: Surface, name: str, *routes: str, body: type[B], **promises: Unpack[Promises]
) -> Decorator[Call[B]]: ...
@overload
def endpoint[Q: Model](
    surface: Surface, name: str, *routes: str, query: type[Q], **promises: Unpack[Promises]
) -> Decorator[Call[None, Q]]: ...
@overload
def endpoint[B: Model, Q: Model](
    surface: Surface, name: str, *routes: str, body: type[B], query: type[Q], **promises: Unpack[Promises]
) -> Decorator[Call[B, Q]]: ...
def endpoint(
    surface: Surface,
    name: str,
    *routes: str,
    body: type[Model] | None = None,
    query: type[Model] | None = None,
    keyed: bool = True,
    **promises: Any,
) -> Decorator[Any]:
    """Make a Lambda handler of a function that takes a Call, typed by its body and query, and returns a Reply.

    `routes` are `METHOD /path` of one method; `Promises` and `Answers` say what the rest means.
    """

    def decorate(handler: Callable[[Call[Any, Any]], Reply]) -> LambdaHandler:
        method = routes[0].partition(" ")[0]
        keeps = keyed and method in MUTATING and "media" not in promises
        models: dict[str, Any] = {"body": body, "query": query, "query_lists": query_lists(query)}
        operation = _operation(surface, name, routes, handler, keyed=keeps, **models, **promises)
        return _lambda_handler(UnitExchange, operation, handler)

    return decorate


def public_endpoint(surface: Surface, name: str, *routes: str, **answers: Unpack[Answers]) -> Decorator[Request]:
    """Make a Lambda handler of a function that takes the Request and returns a Reply: no token, no ledger."""

    def decorate(handler: Callable[[Request], Reply]) -> LambdaHandler:
        operation = _operation(surface, name, routes, handler, public=True, **answers)
        return _lambda_handler(PublicExchange, operation, handler)

    return decorate


@overload
def open_endpoint[B: Model](
    surface: Surface, name: str, *routes: str, body: type[B], form: bool = ..., **answers: Unpack[Answers]
) -> Decorator[Opened[B]]: ...
@overload
def open_endpoint[Q: Model](
    surface: Surface, name: str, *routes: str, query: type[Q], **answers: Unpack[Answers]
) -> Decorator[Opened[None, Q]]: ...
def open_endpoint(surface: Surface, name: str, *routes: str, **promises: Any) -> Decorator[Any]:
    """Make a Lambda handler of a function that takes a body or a query from anybody, and the table: for signing in.

    A body is JSON, or with `form` the fields of an HTML form.
    """

    def decorate(handler: Callable[[Opened[Any, Any]], Reply]) -> LambdaHandler:
        operation = _operation(surface, name, routes, handler, public=True, **promises)
        return _lambda_handler(OpenExchange, operation, handler)

    return decorate


def committing_endpoint(
    surface: Surface,
    name: str,
    *routes: str,
    scopes: tuple[str, ...],
    body: type[Model],
    **answers: Unpack[Answers],
) -> Decorator[Caller]:
    """Make a Lambda handler of a function that takes the Caller, reads the request and performs what it asks for.

    `body` is for the documentation: the handler reads it.
    """

    def decorate(handler: Callable[[Caller], Reply]) -> LambdaHandler:
        operation = _operation(surface, name, routes, handler, scopes=scopes, body=body, **answers)
        return _lambda_handler(CallerExchange, operation, handler)

    return decorate


def _operation(
    surface: Surface, name: str, routes: tuple[str, ...], handler: Any, public: bool = False, **promises: Any
) -> Operation:
    method = routes[0].partition(" ")[0]
    paths = tuple(route.partition(" ")[2] for route in routes)
    summary = (handler.__doc__ or "").partition("\n")[0]
    return Operation(name, method, paths, surface, summary, public, **promises)


def _lambda_handler(kind: type[Exchange[Any]], operation: Operation, handler: Callable[[Any], Reply]) -> LambdaHandler:
    # While the container starts, when Lambda gives it a whole processor.
    if kind is not PublicExchange:
        container.prepare()
    if kind is not CallerExchange:
        for model in (operation.body, operation.query):
            if model:
                model.prepare()

    def run(event: Event, context: Any) -> Response:
        return kind(operation, handler, Request.of(event), context).respond()

    run.operation = operation  # type: ignore[attr-defined]
    run.__doc__ = handler.__doc__
    return run
