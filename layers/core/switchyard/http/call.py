"""What a handler gets and gives: a call with the validated input, and a reply."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain.actors import Actor
from switchyard.domain.structs import Struct
from switchyard.http.request import Request
from switchyard.http.validation import checked, read_id
from switchyard.ledger.unit import Unit
from switchyard.store.table import Table


class Reply(Struct):
    """An answer: status, body, and headers beyond the common ones.

    The body is a JSON value, None for no body, or bytes, which go out as they are: with a content-type among the
    headers, of an operation that says so (`media`).
    `kept` stands in for the body under an idempotency key, when the body holds a secret that may not be stored.
    `logged` is added to the request's log line; `cookies` are values of Set-Cookie, which no key keeps.
    """

    status: int
    body: Any = None
    headers: Mapping[str, str] = {}
    kept: Any = None
    logged: Mapping[str, Any] = {}
    cookies: tuple[str, ...] = ()


class Opened[Body = None, Query = None](Struct):
    """What a handler works with that needs no token but the table (`open_endpoint`): request, body and query."""

    request: Request
    body: Body
    query: Query
    table: Table


class Caller(Struct):
    """Who asks, authenticated: what a handler gets that decides itself what is committed (`committing_endpoint`)."""

    request: Request
    actor: Actor
    table: Table


class Input[Body = None, Query = None](Struct):
    """What a request asks for, once it is read: who asks, the validated body and query, the versions it insists on."""

    request: Request
    actor: Actor
    body: Body
    query: Query
    if_match: frozenset[str] | None = None

    @property
    def path(self) -> Mapping[str, str]:
        return self.request.path_parameters

    def path_id(self, name: str = "id") -> str:
        """Return the UUID that the path carries in any surface's form; raises Invalid for what is not an id."""
        return checked(name, read_id, self.path[name])


class Call[Body = None, Query = None](Input[Body, Query], kw_only=True):
    """What a handler works with: the input, and the unit of work to change tracks by."""

    unit: Unit


#: A call of any endpoint, for what needs neither body nor query.
type AnyCall = Call[object, object]
