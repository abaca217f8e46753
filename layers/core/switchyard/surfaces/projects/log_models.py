"""What is sent to a run's log, and asked of it (contract: projects.md §7)."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from switchyard.domain import clock
from switchyard.domain.run_logs import BATCH_MAX_BYTES, ENTRIES_MAX, ENTRY_MAX_BYTES
from switchyard.http.models import AfterValidator, BeforeValidator, Field, Model, Rule, ShownRoot
from switchyard.http.validation import Expectation
from switchyard.surfaces.inputs import bounded, read_time
from switchyard.surfaces.projects.inputs import OFFSET_MAX, Body, Params

SESSION_LIMIT, SESSION_LIMIT_MAX = 1_000, 5_000
#: Seconds that a stream waits at most for something new.
WAIT_MAX = 20
_TYPES_MAX, _TYPE_MAX = 100, 200


def _batch(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not entries:
        raise Expectation("At least one log entry is required", "", "empty")
    size = sum(len(json.dumps(entry, ensure_ascii=False).encode()) for entry in entries)
    if size > BATCH_MAX_BYTES:
        most = f"at most {BATCH_MAX_BYTES} bytes of JSON in one request, the rest in further ones"
        raise Expectation(f"has {size} bytes", most, "too_long")
    return entries


def _time(text: str) -> datetime:
    return read_time(text, clock.to_datetime)


def _types(names: list[str]) -> list[str]:
    return [name.strip() for name in names if name.strip()]


_Types = Annotated[
    list[Annotated[str, Field(max_length=_TYPE_MAX)]], Field(max_length=_TYPES_MAX), AfterValidator(_types)
]


class AppendLog(Body):
    """Entries for a run's log, any JSON objects."""

    #: JSON objects to append, of at most 64 KB each.
    entries: Annotated[
        list[Annotated[dict[str, Any], bounded(ENTRY_MAX_BYTES)]],
        Field(max_length=ENTRIES_MAX),
        Rule(_batch, {"minItems": 1}),
    ]


class SessionLogs(Params):
    """Which entries: those with a timestamp later than `after`, of `event_types`, and not of `exclude_types`."""

    #: Entries with a later `timestamp` alone: a date-time.
    after: Annotated[datetime, BeforeValidator(_time)] | None = None
    event_types: _Types = []  #: Entries of these types alone.
    exclude_types: _Types = []  #: No entries of these types.
    limit: Annotated[int, Field(ge=1, le=SESSION_LIMIT_MAX)] = SESSION_LIMIT  #: At most so many entries.
    offset: Annotated[int, Field(ge=0, le=OFFSET_MAX)] = 0  #: How many to leave out at the beginning.


class StreamLog(Params):
    """`start=latest` leaves out what is there already; `wait` is for how many seconds to wait for something new."""

    start: Literal["latest"] | None = None  #: `latest` leaves out what is there already.
    #: Seconds to wait for something new before the stream ends; the client then asks again.
    wait: Annotated[int, Field(ge=0, le=WAIT_MAX)] = WAIT_MAX


class LogEntry(Model):
    """An entry as it was appended."""

    model_config = {"extra": "allow"}


class SessionLogsShown(ShownRoot):
    """Entries of a run's log, oldest first."""

    root: list[LogEntry]
