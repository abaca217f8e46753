"""Agents draw runs: many at once, and no run is given to two of them (docs/workers.md)."""

import random
import time
from collections.abc import Iterator
from itertools import chain

from switchyard.domain import lifecycle
from switchyard.domain.claims import Leased, NotClaimable
from switchyard.domain.errors import NotFound
from switchyard.domain.runs import Run
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger import contention, runs
from switchyard.ledger.unit import Unit
from switchyard.store import keys
from switchyard.store import runs as rows
from switchyard.surfaces.runs import present
from switchyard.surfaces.runs.models import Claim, Lease

#: Offered runs of one kind that are looked at to draw one, and when other workers draw too.
CANDIDATES, CROWDED_CANDIDATES = 4, 32

#: Seconds between two looks of a claim that waits, less and more so that those who wait do not look all at once.
_LOOK_AGAIN = (0.7, 1.3)
#: Seconds that are kept for the claim itself when the invocation ends.
_RESERVE = 3.0


def claim(call: Call[Claim]) -> Reply:
    """Lease an offered run to the caller, waiting for one as long as it wants; 204 when there is none."""
    body = call.body
    ledger = call.ledger
    ledger.replay()
    until = min(ledger.started + body.wait_seconds, ledger.table.deadline - _RESERVE)
    look = 0
    while True:
        found = _of_task(ledger, body) if body.task else draw(ledger, body.lease_seconds, body.project, look)
        if found:
            return Reply(200, present.claimed(*found, call.request.base_url))
        pause = random.uniform(*_LOOK_AGAIN)  # noqa: S311 - jitter, not a secret
        if time.monotonic() + pause > until:
            return Reply(204)
        time.sleep(pause)
        ledger.forget()
        look += 1


def draw(ledger: Unit, lease_seconds: int, project_id: str | None = None, look: int = 0) -> tuple[Track, Run] | None:
    """Gather a lease on the first run that is offered to the actor; None when there is none.

    Those meant for the actor come first, then those for any agent, each the oldest first, then those whose lease ran
    out. Runs of the actor's personal tasks are found by the first look of a claim alone: looking costs.
    1 round trip when there is none, 2 and the commit when there is one.
    """
    actor = ledger.actor
    realms = [keys.realm(actor.tenant_id, owner) for owner in ((None, actor.id) if look == 0 else (None,))]
    crowded = contention.is_met(ledger, "runs")
    count = CROWDED_CANDIDATES if crowded else CANDIDATES
    offered, lapsed = rows.read_offered(ledger.table, actor, realms, count, project_id)
    if crowded:
        offered = sorted(contention.shuffled(offered), key=lambda run: run.agent is None)
    return next(_claimed(ledger, chain(offered, lapsed), lease_seconds), None)


def _claimed(ledger: Unit, candidates: Iterator[Run], lease_seconds: int) -> Iterator[tuple[Track, Run]]:
    """Gather a lease on a candidate that is still to be had, when the next one is asked for."""
    for each in candidates:
        try:
            task, run = runs.find(ledger, each.task_id, each.id)
            if task.status not in lifecycle.FINAL:
                yield task, runs.claim(ledger, task, run, lease_seconds)
        except (NotFound, NotClaimable, Leased):
            continue  # taken, settled or deleted since the index was written


def _of_task(ledger: Unit, body: Claim) -> tuple[Track, Run] | None:
    """Gather a lease on the newest run of one task, if it is offered to the actor. Raises NotFound."""
    task = ledger.get(body.task, "task")
    if task.latest_run_id is None or body.project not in (None, *task.project_ids[:1]):
        return None
    row = ledger.row(keys.run(task.tenant_id, task.id, task.latest_run_id))
    return next(_claimed(ledger, iter([rows.from_item(row)]), body.lease_seconds), None) if row else None


def heartbeat(call: Call[Lease]) -> Reply:
    """Prolong the caller's lease on the run of the path."""
    body = call.body
    _, run = _of_path(call)
    return Reply(200, present.lease(runs.prolong(call.ledger, run, body.lease_seconds)))


def release(call: Call) -> Reply:
    """Give the run of the path back: it is offered again."""
    return Reply(200, present.lease(runs.release(call.ledger, *_of_path(call))))


def _of_path(call: AnyCall) -> tuple[Track, Run]:
    return runs.find(call.ledger, call.path_id("task_id"), call.path_id("run_id"))
