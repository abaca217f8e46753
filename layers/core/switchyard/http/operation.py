"""What an endpoint promises, for the routes, the documentation and the tests."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_origin

from switchyard.domain.ids import parse_id
from switchyard.domain.structs import Struct
from switchyard.http.models import Model
from switchyard.http.surface import Surface
from switchyard.store import keys

#: In what a record shows: a field that each record has of its own, so that a body's may hold anything. A text that no
#: record shows, for what is shown is compared as JSON.
OWN: Any = "\x00own"

#: Methods whose requests may carry an Idempotency-Key and a Claim-Fence.
MUTATING = frozenset({"POST", "PATCH", "PUT", "DELETE"})

#: The keys of the rows that a handler reads first, by the tenant's id and the parameters of the path; none where they
#: are wrong. It is asked before the caller is known: it reads nothing and raises nothing.
type Reads = Callable[[str, Mapping[str, str]], Sequence[tuple[str, str]]]


def the_track(tenant_id: str, path: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Return the key of the track whose `id` is in the path, for handlers that read it first."""
    track_id = parse_id(path["id"])
    return [keys.track(tenant_id, track_id)] if track_id else []


class Operation(Struct):
    """One endpoint; `endpoint` says what each field means. `query_lists` are the query parameters that may repeat."""

    name: str
    method: str
    paths: tuple[str, ...]
    surface: Surface
    summary: str
    public: bool
    scopes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    personal: bool = False
    body: type[Model] | None = None
    query: type[Model] | None = None
    reply: type[Model] | None = None
    status: int = 200
    keyed: bool = False
    versioned: bool = False
    key_field: str | None = None
    body_optional: bool = False
    empty: int | None = None
    media: str | None = None
    form: bool = False
    query_lists: frozenset[str] = frozenset()
    shown: Callable[[Any], Any] | None = None
    wants: Callable[[Mapping[str, Any]], str | None] | None = None
    about: Callable[[Mapping[str, Any]], object] | None = None
    reads: Reads | None = None


def query_lists(query: type[Model] | None) -> frozenset[str]:
    """Return the names on the wire of the query parameters that are lists."""
    fields = query.model_fields.items() if query else ()
    return frozenset(info.alias or name for name, info in fields if get_origin(info.type) is list)


def function_of(operation: str) -> str:
    """Return the logical id of an operation's function: planning.create_track -> PlanningCreateTrack."""
    return "".join(word.capitalize() for word in re.split(r"[._]", operation))
