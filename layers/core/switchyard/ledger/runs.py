"""Verbs of runs: each gathers a change of a run together with what it means for the task, for one transaction.

The workflow and the pipeline, which have no request, change runs through ledger/system.py.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from switchyard.domain import claims, clock, runs
from switchyard.domain.errors import NotFound
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.ledger import order, tracks
from switchyard.ledger.unit import Unit
from switchyard.store import keys, leases
from switchyard.store import runs as run_rows


def find(unit: Unit, task_id: str, run_id: str) -> tuple[Track, Run]:
    """Read a visible task and one of its runs: 1 round trip, none for what was prefetched. Raises NotFound."""
    row_key = keys.run(unit.actor.tenant_id, task_id, run_id)
    unit.prefetch([task_id], rows=[row_key])
    task, row = unit.get(task_id, "task"), unit.row(row_key)
    if row is None:
        raise NotFound(f"The task has no run with the id {run_id}.")
    return task, run_rows.from_item(row)


def prefetch(unit: Unit, found: Iterable[Run]) -> None:
    """Read runs that an index listed, and their tasks, as they are: 1 round trip per 100 rows."""
    listed = list(found)
    row_keys = [keys.run(each.tenant_id, each.task_id, each.id) for each in listed]
    unit.prefetch([each.task_id for each in listed], rows=row_keys)


def prefetch_latest(unit: Unit, task_id: str) -> None:
    """Read a task with its newest run: 1 round trip."""
    for row in run_rows.read_with_task(unit.table, unit.actor.tenant_id, task_id):
        unit.note_read((row["pk"]["S"], row["sk"]["S"]), row)


def held(unit: Unit, task: Track) -> Run | None:
    """Return the task's newest run if the actor holds it: 1 round trip, none for a task without an active run."""
    if not task.has_active_run or task.latest_run_id is None:
        return None
    row = unit.row(keys.run(task.tenant_id, task.id, task.latest_run_id))
    run = run_rows.from_item(row) if row else None
    return run if run and claims.holds(unit.actor, run, clock.now()) else None


def create(unit: Unit, task: Track, **fields: Any) -> Run:
    """Gather a new run of a task that was read, which becomes the task's latest.

    Raises Conflict for a finished task, Blocked for one that waits for others, Leased when someone else holds it.
    """
    claims.check_write(task, unit.actor, None, clock.now())
    check_runnable(unit, task)
    run = _held(unit, task, runs.create(unit.actor, unit.request_id, task, **fields))
    unit.about_run = run.id
    unit.write(run_rows.put(run))
    tracks.follow(unit, task, **runs.task_fields(run, task), run_count=(task.run_count or 0) + 1)
    return run


def check_runnable(unit: Unit, task: Track) -> None:
    """Raise Conflict for a finished task, Blocked for one that waits for others: no run of it may begin."""
    runs.check_open(task)
    order.require(unit, task)


def resume(unit: Unit, task: Track, run: Run, **fields: Any) -> Run:
    """Gather the return of a run to the workflow; returns it as it will be.

    Raises Conflict for a finished task, Blocked, StaleFence or Leased.
    """
    check_runnable(unit, task)
    claims.check_write(run, unit.actor, unit.fence, clock.now())
    after = _held(unit, task, runs.resume(run, unit.actor, unit.request_id, **fields))
    return _become(unit, task, run, after)


def change(unit: Unit, task: Track, run: Run, **fields: Any) -> Run:
    """Gather a change of a run that was read; returns it as it will be.

    Raises StaleFence, Leased (only the holder changes a claimed run, but anyone may cancel it or hand it to a local
    session), ApprovalRequired and Finished. A completion that a person must confirm waits for that (ledger.approvals).
    """
    if unit.attempt and run.changed_request == unit.request_id:
        return run  # the first attempt went through and only its answer was lost
    if unit.fence is not None or not runs.is_open_to_all(fields):
        claims.check_write(run, unit.actor, unit.fence, clock.now())
    given = _confirmed(unit, task, run, fields)
    return _become(unit, task, run, runs.change(run, unit.actor, unit.request_id, **given))


# Imported in these two: few runs wait for a person, and every function that changes runs would load it.
def _held(unit: Unit, task: Track, run: Run) -> Run:
    if task.requires_approval != "start":
        return run
    from switchyard.ledger import approvals

    return approvals.held(unit, run)


def _confirmed(unit: Unit, task: Track, run: Run, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if not (task.requires_approval or run.awaits_input):
        return fields
    from switchyard.ledger import approvals

    return approvals.confirmed(unit, task, run, fields)


def claim(unit: Unit, task: Track, run: Run, seconds: int) -> Run:
    """Gather a lease of so many seconds on a run that is offered. Raises NotClaimable, Leased or Blocked."""
    now = clock.now()
    if run.changed_request == unit.request_id and claims.holds(unit.actor, run, now):
        return run  # the first attempt went through and only its answer was lost
    if claims.is_leased(run, now):
        raise claims.Leased(run)
    runs.check_claimable(run, unit.actor, now)
    order.require(unit, task)
    taken = runs.taken(run, unit.actor, clock.stamp(time.time() + seconds))
    return _become(
        unit, task, run, runs.change(run, unit.actor, unit.request_id, **taken, heartbeat_at=now, lease_seconds=seconds)
    )


def keep(unit: Unit, task_id: str, run_id: str, seconds: int) -> Run | None:
    """Extend the actor's lease on a shared task's run, at once; None where that takes a look: see `extend`.

    1 round trip. A request with an idempotency key always takes the look, which its key needs too.
    """
    if unit.key or unit.attempt:
        return None
    key, now = keys.run(unit.actor.tenant_id, task_id, run_id), time.time()
    more = {"lease_seconds": {"N": str(seconds)}, "heartbeat_at": {"S": clock.stamp(now)}}
    row, is_done = leases.extend(unit.table, key, unit.actor.id, unit.fence, now, seconds, more)
    if is_done:
        return run_rows.from_item(row)
    unit.note_read(key, row)
    return None


def extend(unit: Unit, run: Run, seconds: int) -> Run:
    """Gather a later end of the actor's lease, and a heartbeat: no new version. Raises StaleFence or Leased."""
    now = clock.now()
    claims.check_held(run, unit.actor, unit.fence, now)
    begin = time.time()
    lease = claims.extended(run, seconds, clock.stamp(begin + seconds), begin)
    after = replace(run, **lease, lease_seconds=seconds, heartbeat_at=now)
    unit.write(run_rows.update(run, after))
    return after


def release(unit: Unit, task: Track, run: Run) -> Run:
    """Gather the return of a run that the actor holds: it is offered again. Raises StaleFence or Leased."""
    claims.check_held(run, unit.actor, unit.fence, clock.now())
    return _become(unit, task, run, runs.change(run, unit.actor, unit.request_id, **runs.released()))


def apply(unit: Unit, task: Track | None, run: Run, fields: Mapping[str, Any]) -> Run:
    """Gather a change of a run, whoever holds it; fields that change without a new version do so. None: no task."""
    if fields.keys() <= runs.MOVING:
        return _become(unit, task, run, replace(run, **fields))
    return _become(unit, task, run, runs.change(run, unit.actor, unit.request_id, **fields))


def _become(unit: Unit, task: Track | None, before: Run, after: Run) -> Run:
    unit.about_run = before.id
    if after is before:
        return before
    if task is not None:
        after = replace(after, owner=task.owner)  # whoever may see the task, may see its runs
    unit.write(run_rows.update(before, after))
    if task is not None and after.status != before.status:
        tracks.follow(unit, task, **runs.task_fields(after, task))
    return after
