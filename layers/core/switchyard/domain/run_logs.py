"""A run's log: what its agent said and did, entry by entry, as it came (contract: projects.md §5.3, §7).

An append is a heartbeat, too: it moves the run's heartbeat, and with it the holder's lease, when those are due.
"""

from collections.abc import Mapping
from datetime import datetime
from time import time
from typing import Any

from switchyard.domain import claims, clock
from switchyard.domain.actors import Actor
from switchyard.domain.errors import Conflict
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace

#: Entries of one append, and bytes of JSON of each and of all: one row of the table holds them.
ENTRIES_MAX = 1_000
ENTRY_MAX_BYTES = 65_536
BATCH_MAX_BYTES = 307_200

#: Seconds for which the last lines of a finished run are still taken.
LATE_SECONDS = 300

#: Seconds between two heartbeats at most, while something is appended; less where time runs out sooner.
HEARTBEAT_SECONDS = 60

#: A log is kept for so many seconds after each append.
KEEP_SECONDS = 30 * 86_400

#: Seconds after which the order of a log is final. Writers make the ids of appends by their own clocks, and an
#: append with a smaller id may become visible after one with a larger id: readers who follow a log skip what is
#: younger, and an append that has not been written within half of this time gets a new id.
STABLE_SECONDS = 2.0


class Closed(Conflict):
    """The run is finished, and so is its log."""

    code, title = "run_finished", "The run is finished"

    def __init__(self, run: Run) -> None:
        super().__init__(
            f"The run is {run.status} since {run.completed_at}: its log accepts no lines later than "
            f"{LATE_SECONDS} seconds after the end."
        )


def event_type(entry: Mapping[str, Any]) -> str:
    """Return the type of an entry: its notification's method, or the kind of a session's update; "" for neither."""
    notification = entry.get("notification")
    if not isinstance(notification, dict):
        return ""
    method = notification.get("method")
    if method == "session/update":
        params = notification.get("params")
        update = params.get("update") if isinstance(params, dict) else None
        kind = update.get("sessionUpdate") if isinstance(update, dict) else None
        return kind if isinstance(kind, str) else "session/update"
    return method if isinstance(method, str) else ""


def is_fragment(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry is a piece of a message that comes whole later: those are not kept."""
    notification = entry.get("notification")
    updates = isinstance(notification, dict) and notification.get("method") == "session/update"
    return updates and event_type(entry) == "agent_message_chunk"


def timestamp_of(entry: Mapping[str, Any]) -> datetime | None:
    """Return the entry's own timestamp, None when it has none that can be read; without an offset it is UTC."""
    given = entry.get("timestamp")
    if not isinstance(given, str):
        return None
    try:
        return clock.to_datetime(given)
    except ValueError:
        return None


def check_append(run: Run, actor: Actor, fence: int | None, now: str) -> None:
    """Raise unless the actor may append now.

    Only its holder appends to a claimed run: StaleFence or Leased. For LATE_SECONDS after its end, anyone appends who
    names no fence, or the last one: StaleFence, and after that Closed.
    """
    if not run.is_final:
        claims.check_write(run, actor, fence, now)
        return
    ended = clock.milliseconds(run.completed_at or run.updated_at)
    if clock.milliseconds(now) > ended + LATE_SECONDS * 1_000:
        raise Closed(run)
    if fence is not None and fence != run.fence:
        raise claims.StaleFence(f"The run ended under the fence {run.fence}, not {fence}.")


def alive(run: Run, actor: Actor) -> Run | None:
    """Return the run with a fresh heartbeat, and the actor's lease extended by what it was given for.

    None where neither is due: the last sign is fresh and the lease has most of its time, or the run is not at work.
    """
    if run.status != "in_progress":
        return None
    seconds = time()
    now = clock.stamp(seconds)
    last = clock.milliseconds(run.heartbeat_at or run.started_at or run.created_at) / 1_000
    due = seconds >= last + min(HEARTBEAT_SECONDS, run.idle_seconds / 3)
    if not claims.holds(actor, run, now) or run.lease_until is None:
        return replace(run, heartbeat_at=now) if due else None
    lease = run.lease_seconds or claims.LEASE_DEFAULT
    if not due and clock.milliseconds(run.lease_until) / 1_000 > seconds + lease * 2 / 3:
        return None
    until = max(clock.stamp(seconds + lease), run.lease_until)
    return replace(run, heartbeat_at=now, **claims.extended(run, lease, until, seconds))
