"""Follow a run's log as server-sent events, an answer at a time (contract: projects.md §5.3, §7).

A function answers once. So an answer has what is new since the event the client saw last, or waits a while for it,
and ends; the client asks again with that event's id, as an EventSource does on its own. An id says how far the client
is: `{append}.{entry of it}.{version of the run}`, `.c{comment}` once there was one, and `.end` once it has received
the end.
"""

import json
import re
import time

from switchyard.domain import clock
from switchyard.domain.errors import FieldError, Invalid
from switchyard.domain.ids import lowest_id
from switchyard.domain.run_logs import STABLE_SECONDS
from switchyard.domain.runs import Run
from switchyard.domain.structs import Struct, replace
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.store import keys
from switchyard.store import run_logs as run_log_rows
from switchyard.store import runs as run_rows
from switchyard.store import tracks as track_rows
from switchyard.store.table import Table
from switchyard.surfaces.projects import scope
from switchyard.surfaces.projects.log_models import StreamLog
from switchyard.surfaces.projects.surface import Missing

EVENT_STREAM = "text/event-stream"

POLL_SECONDS = 1.0
#: Seconds kept back from the function's time, to answer in.
RESERVE_SECONDS = 3.0
#: Milliseconds after which a client is to ask again.
RETRY = 1_000
#: Seconds after the end of a run until its stream ends, too: its agent's last lines may come late.
END_SECONDS = 5.0
ANSWER_MAX_BYTES = 3 * 1_048_576

#: Comes before the first append of any log.
_START = "0"
EVENT_ID = (
    rf"({_START}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})\.([0-9]{{1,4}})(?:\.([0-9]{{1,15}}))?"
    r"(?:\.c([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?(\.end)?"
)


class Place(Struct):
    """How far a client is: the last entry it has (of which append, which one), the version of the run, the last comment
    that it was told of, the end."""

    append: str = _START
    entry: int = 0
    version: int = 0
    comment: str = ""
    ended: bool = False

    @classmethod
    def of(cls, event_id: str) -> "Place":
        """Return the place that an event's id names; raises Invalid."""
        found = re.fullmatch(EVENT_ID, event_id, re.ASCII)
        if found is None:
            problem = f"{event_id[:80]!r} is not the id of an event of this stream"
            raise Invalid(FieldError("Last-Event-ID", problem, "the id of the last event received, or no such header"))
        return cls(found[1], int(found[2]), int(found[3] or 0), found[4] or "", found[5] is not None)

    def __str__(self) -> str:
        comment = f".c{self.comment}" if self.comment else ""
        return f"{self.append}.{self.entry}.{self.version}{comment}{'.end' if self.ended else ''}"


class _Events:
    """The events of one answer; `passed` is the append that was sent as a whole."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.text = bytearray(f"retry: {RETRY}\n\n".encode())
        self.count = 0
        self.passed: str | None = None

    def add(self, place: Place, data: str, name: str | None = None) -> None:
        self.place = place
        kind = f"event: {name}\n" if name else ""
        self.text += f"id: {place}\n{kind}data: {data}\n\n".encode()
        self.count += 1

    @property
    def full(self) -> bool:
        return len(self.text) > ANSWER_MAX_BYTES

    def add_state(self, run: Run) -> None:
        """Add the run's state, unless the client has seen this version of it."""
        if run.version == self.place.version:
            return
        self.add(replace(self.place, version=run.version, ended=False), json.dumps(state(run), ensure_ascii=False))

    def add_comments(self, table: Table, run: Run, reader: str) -> None:
        """Add what others than the reader have said of the task since the run began: 1 query, none without news."""
        if run.comment_id is None or run.comment_id <= self.place.comment:
            return
        # Imported here: of most tasks nobody says anything while an agent works.
        from switchyard.surfaces.runs import comments

        for said in comments.since(table, run, self.place.comment or None):
            place = replace(self.place, comment=said.id, ended=False)
            if not comments.is_told(said, reader):
                self.place = place
                continue
            data = {"type": "comment", **comments.shown(said)}
            self.add(place, json.dumps(data, ensure_ascii=False), "comment")

    def add_log(self, table: Table, run: Run) -> None:
        """Add what is new and final in the log, until the answer is full."""
        low = f"{self.passed} " if self.passed else self.place.append
        high = lowest_id(time.time() - STABLE_SECONDS)
        if low > high:
            return
        for appends in run_log_rows.pages(table, run.tenant_id, run.id, low, high):
            for append in appends:
                seen = self.place.entry if append.id == self.place.append else -1
                for position, line in enumerate(append.lines):
                    if position <= seen:
                        continue
                    if self.full:
                        return
                    self.add(replace(self.place, append=append.id, entry=position, ended=False), line)
                self.passed = append.id
            if self.full:
                return


def stream(call: Call[None, StreamLog]) -> Reply:
    """Answer with the events after the client's place; wait for the first one. 204 ends a client that has everything.

    Two round trips a second while it waits: what is new in the log, and the run as it is.
    """
    query = call.query
    table = call.unit.table
    place = _place(call)
    _, run = scope.run_in(call)
    if place is None and query.start == "latest":
        place = Place(lowest_id(time.time() - STABLE_SECONDS), 0, run.version, run.comment_id or "")
    events = _Events(place or Place())
    waited = 0.0
    give_up = min(time.monotonic() + query.wait, table.deadline - RESERVE_SECONDS)
    while True:
        over = _is_over(run)
        events.add_state(run)
        events.add_comments(table, run, call.actor.id)
        events.add_log(table, run)
        if events.count or over or time.monotonic() + POLL_SECONDS > give_up:
            break
        time.sleep(POLL_SECONDS)
        waited += POLL_SECONDS
        run = _again(call, run)
    if over and events.place.ended:
        return Reply(204, logged={"waited_ms": waited * 1000})
    if over and not events.full:
        events.add(replace(events.place, ended=True), json.dumps({"type": "end", "status": run.status}), "end")
    elif not events.count:
        events.add(events.place, json.dumps({"type": "keepalive"}), "keepalive")
    return Reply(200, bytes(events.text), {"content-type": EVENT_STREAM}, logged={"waited_ms": waited * 1000})


def state(run: Run) -> dict[str, object]:
    """Return the event with a run's state."""
    return {
        "type": "task_run_state",
        "run_id": run.id,
        "task_id": run.task_id,
        "status": run.status,
        "stage": run.stage,
        "output": run.output,
        "branch": run.branch,
        "error_message": run.error_message,
        "awaiting_input": run.awaits_input,
        "question": run.question_id,
        "updated_at": run.updated_at,
        "completed_at": run.completed_at,
    }


def _place(call: AnyCall) -> Place | None:
    given = call.request.headers.get("last-event-id")
    return Place.of(given) if given else None


def _is_over(run: Run) -> bool:
    if run.completed_at is None or not run.is_final:
        return False
    return time.time() * 1_000 >= clock.milliseconds(run.completed_at) + END_SECONDS * 1_000


def _again(call: AnyCall, run: Run) -> Run:
    """Read the run again, and whether the caller may still see its task: 1 round trip. Raises Missing if not."""
    task_key, run_key = keys.track(run.tenant_id, run.task_id), keys.run(run.tenant_id, run.task_id, run.id)
    found = call.unit.table.get_many([task_key, run_key], consistent=False)
    task, row = found.get(task_key), found.get(run_key)
    if task and not (track_rows.is_live(task) and track_rows.from_item(task).visible_to(call.actor)):
        raise Missing
    return run_rows.from_item(row) if row else run
