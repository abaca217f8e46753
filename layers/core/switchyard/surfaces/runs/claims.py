"""Agents draw runs: many at once, and no run is given to two of them (docs/workers.md)."""

import random
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from switchyard.domain import lifecycle
from switchyard.domain.claims import Leased, NotClaimable
from switchyard.domain.errors import Blocked, NotFound
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger import draws, runs
from switchyard.ledger.unit import Unit
from switchyard.store import keys
from switchyard.store import runs as run_rows
from switchyard.surfaces.runs import present
from switchyard.surfaces.runs.models import Beat, Claim

if TYPE_CHECKING:
    from switchyard.domain.questions import Question

#: Offered runs of one kind that are looked at to draw one; when other workers draw too, or none of those can be taken.
CANDIDATES, MORE_CANDIDATES = 4, 32
#: Pages of candidates that one look reads at most. What is offered and cannot be taken leaves the index soon: the
#: pipeline moves runs with their tasks.
PAGES_MAX = 8

#: Seconds between two looks of a claim that waits, less and more so that those who wait do not look all at once.
_LOOK_AGAIN = (0.7, 1.3)
#: Seconds that are kept for the claim itself when the invocation ends.
_RESERVE = 3.0


def claim(call: Call[Claim]) -> Reply:
    """Lease an offered run to the caller, waiting for one as long as it wants; 204 when there is none."""
    body = call.body
    unit = call.unit
    unit.replay()
    until = min(unit.started + body.wait_seconds, unit.table.deadline - _RESERVE)
    look, waited = 0, 0.0
    while True:
        found = _of_task(unit, body) if body.task else draw(unit, body.lease_seconds, body.project, look)
        if found:
            shown = present.claimed(*found, call.request.base_url, _asked(unit, found[1]))
            return Reply(200, shown, logged=_waited(waited))
        pause = random.uniform(*_LOOK_AGAIN)  # noqa: S311 - jitter, not a secret
        if time.monotonic() + pause > until:
            return Reply(204, logged={"idle": True, **_waited(waited)})
        time.sleep(pause)
        waited += pause
        unit.forget()
        look += 1


def _asked(unit: Unit, run: Run) -> "Question | None":
    """Return the run's latest question: 1 round trip, none for a run that never asked."""
    if run.question_id is None:
        return None
    # Imported here: most runs ask nothing.
    from switchyard.ledger import questions

    return questions.latest(unit, run)


def _waited(seconds: float) -> dict[str, float]:
    return {"waited_ms": round(seconds * 1000)} if seconds else {}


def draw(unit: Unit, lease_seconds: int, project_id: str | None = None, look: int = 0) -> tuple[Track, Run] | None:
    """Gather a lease on the first run that is offered to the actor; None when there is none.

    Those meant for the actor come first, then those for any agent, each the oldest first, then those whose lease ran
    out. Runs of the actor's personal tasks are found by the first look of a claim alone: looking costs.
    1 round trip when there is none, 2 and the commit when there is one; 2 more for each page with none to be had.
    """
    actor = unit.actor
    realms = [keys.realm(actor.tenant_id, owner) for owner in ((None, actor.id) if look == 0 else (None,))]
    contended = draws.are_contended(unit, "runs")
    offers = run_rows.Offers(unit.table, actor, realms, project_id)
    for page in range(PAGES_MAX):
        offered, lapsed = offers.read(MORE_CANDIDATES if contended or page else CANDIDATES)
        if contended:
            offered = sorted(draws.shuffled(offered), key=lambda run: run.agent is None)
        candidates = [*offered, *lapsed]
        if page:
            runs.prefetch(unit, candidates)
        found = _claim_first(unit, candidates, lease_seconds)
        if found or offers.are_over:
            return found
    return None


def _claim_first(unit: Unit, candidates: Iterable[Run], lease_seconds: int) -> tuple[Track, Run] | None:
    """Gather a lease on the first candidate that is still to be had; None when none is."""
    for each in candidates:
        try:
            task, run = runs.find(unit, each.task_id, each.id)
            if task.status not in lifecycle.FINAL:
                return task, runs.claim(unit, task, run, lease_seconds)
        except (NotFound, NotClaimable, Leased, Blocked):
            continue  # taken, ended or deleted since the index was written
    return None


def _of_task(unit: Unit, body: Claim) -> tuple[Track, Run] | None:
    """Gather a lease on the newest run of one task, if it is offered to the actor: 1 round trip, and the commit.

    Raises NotFound.
    """
    runs.prefetch_latest(unit, body.task)
    task = unit.get(body.task, "task")
    if task.latest_run_id is None or body.project not in (None, *task.project_ids[:1]):
        return None
    row = unit.row(keys.run(task.tenant_id, task.id, task.latest_run_id))
    return _claim_first(unit, [run_rows.from_item(row)], body.lease_seconds) if row else None


def heartbeat(call: Call[Beat]) -> Reply:
    """Extend the caller's lease on the run of the path."""
    seconds = call.body.lease_seconds
    kept = runs.keep(call.unit, call.path_id("task_id"), call.path_id("run_id"), seconds)
    if kept is None:
        _, run = _of_path(call)
        kept = runs.extend(call.unit, run, seconds)
    shown = present.lease(kept, _asked(call.unit, kept))
    return Reply(200, shown | _told(call.unit, kept, call.body.comments_after))


def _told(unit: Unit, run: Run, after: str | None) -> dict[str, Any]:
    """Return what others have said of the task that the agent has not read: 1 query, none when there is nothing new."""
    if run.comment_id is None or run.comment_id <= (after or ""):
        return {}
    # Imported here: of most tasks nobody says anything while an agent works.
    from switchyard.surfaces.runs import comments

    return {"comments": comments.told(unit.table, run, after, unit.actor.id)}


def release(call: Call) -> Reply:
    """Give the run of the path back: it is offered again."""
    return Reply(200, present.lease(runs.release(call.unit, *_of_path(call))))


def _of_path(call: AnyCall) -> tuple[Track, Run]:
    return runs.find(call.unit, call.path_id("task_id"), call.path_id("run_id"))
