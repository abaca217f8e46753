"""Refused ends of tracks: the audit entry of a request that was refused before its track was read."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import audit, clock, lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.errors import Invalid, MissingScope, NotFound, SwitchyardError
from switchyard.domain.ids import parse_id
from switchyard.http.request import Request
from switchyard.http.statuses import status_of
from switchyard.store import audit as audit_rows
from switchyard.store.table import Table

#: Refusals that may come before the track was read.
_EARLY = (MissingScope, Invalid, NotFound)
#: What an invalid id is recorded as.
_NO_ID = "00000000-0000-0000-0000-000000000000"


def json_object(request: Request) -> Mapping[str, Any]:
    """Return the body of a request as it was sent; an empty one for anything but a JSON object."""
    # Imported here: only what is refused needs it.
    from switchyard.http.core import from_json

    try:
        found = from_json(request.body())
    except (ValueError, SwitchyardError):
        return {}
    return found if isinstance(found, dict) else {}


def record(
    table: Table, actor: Actor, request_id: str, track_id: object, wanted: str | None, error: SwitchyardError
) -> None:
    """Write that the actor was refused to bring a track to its end, if `wanted` is one: one short row a request.

    `wanted` is the stored status; of what was sent, nothing but that and an id is kept.
    """
    if error.audited or wanted not in lifecycle.FINAL or not isinstance(error, _EARLY):
        return
    known = parse_id(track_id) if isinstance(track_id, str) else None
    entry = audit.refused_unread(known or _NO_ID, wanted, actor, request_id, clock.now(), error, status_of(error))
    table.write([audit_rows.attempt(entry)])
