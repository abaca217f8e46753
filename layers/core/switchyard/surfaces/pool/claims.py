"""Claims: many workers draw from one pool, and no task is done twice (docs/pool.md)."""

from typing import Any

from switchyard.domain import dependencies
from switchyard.domain.errors import Blocked, Prerequisite
from switchyard.domain.tracks import Track
from switchyard.http.call import Call, Reply
from switchyard.ledger import claims, draws
from switchyard.ledger.unit import Unit
from switchyard.store import lists, ready
from switchyard.store import tracks as track_rows
from switchyard.store.ready import Wanted
from switchyard.surfaces.pool import present
from switchyard.surfaces.pool.listing import link
from switchyard.surfaces.pool.models import ClaimNext, Lease, ReadyTasks
from switchyard.surfaces.pool.tasks import of_path, path_id

#: Ready tasks that are read to draw one, and when other workers draw too: several times as many as these may be.
CANDIDATES, CONTENDED_CANDIDATES = 8, 48
#: Pages of them that are read at most until one has a task that is not blocked.
PAGES_MAX = 8


def claim(call: Call[Lease]) -> Reply:
    """Lease the task of the path to the caller."""
    body = call.body
    task = of_path(call)
    claimed = claims.claim(call.unit, task, body.lease_seconds)
    if claimed.fence != task.fence:
        _refuse_blocked(call.unit, task)
    return Reply(200, shown(claimed))


def claim_next(call: Call[ClaimNext]) -> Reply:
    """Lease the first ready task that fits to the caller; 204 when there is none."""
    body = call.body
    task = draw(call.unit, Wanted(body.assignee_type, body.space_id, body.priority), body.lease_seconds)
    return Reply(200, shown(task)) if task else Reply(204)


def draw(unit: Unit, wanted: Wanted, lease_seconds: int) -> Track | None:
    """Gather a lease on the first ready task that fits; None when there is none.

    Under contention it is any of the tasks that are as urgent as the first.
    """
    contended = draws.are_contended(unit, "tasks")
    candidates: list[Track] = []
    position: str | None = None
    for _ in range(PAGES_MAX):
        count = CONTENDED_CANDIDATES if contended else CANDIDATES
        page = ready.read_page(unit.table, unit.actor, wanted, count, position)
        candidates, position = [track_rows.from_item(item) for item in page.rows], page.position
        if unit.attempt:
            # The index may still show as ready what was blocked a moment ago.
            candidates = [each for each in candidates if not _waits_for(unit, each)]
        if candidates or position is None:
            break
    if not candidates:
        return None
    urgent = [each for each in candidates if each.priority == candidates[0].priority]
    return claims.claim(unit, draws.shuffled(urgent)[0] if contended else urgent[0], lease_seconds)


def heartbeat(call: Call[Lease]) -> Reply:
    """Extend the caller's lease on the task of the path."""
    seconds = call.body.lease_seconds
    kept = claims.keep(call.unit, path_id(call), seconds)
    return Reply(200, shown(kept or claims.extend(call.unit, of_path(call), seconds)))


def release(call: Call) -> Reply:
    """Give the task of the path back to the pool."""
    return Reply(200, present.task(claims.release(call.unit, of_path(call))))


def list_ready(call: Call[None, ReadyTasks]) -> Reply:
    """Answer a ReadyTasks query with a bare array: urgent first, then oldest."""
    query = call.query
    actor = call.actor
    fingerprint = lists.fingerprint(
        actor.tenant_id, actor.id, "ready", query.assignee_type, query.space_id, query.priority
    )
    wanted = Wanted(query.assignee_type, query.space_id, query.priority)
    after = lists.from_cursor(query.cursor, fingerprint)
    page = ready.read_page(call.unit.table, actor, wanted, query.limit, after)
    cursor = lists.to_cursor(page.position, fingerprint)
    return Reply(200, [present.task(track_rows.from_item(item)) for item in page.rows], link(call.request, cursor))


def shown(task: Track) -> dict[str, Any]:
    """Return the task with its claim."""
    lease = {"holder": task.holder, "fence": task.fence, "leaseExpiresAt": task.lease_until}
    return {**present.task(task), "claim": lease}


def _refuse_blocked(unit: Unit, task: Track) -> None:
    waits = _waits_for(unit, task)
    if waits:
        raise Blocked(waits)


def _waits_for(unit: Unit, task: Track) -> list[Prerequisite]:
    """Return what the task still waits for: 1 round trip, none when it depends on nothing."""
    return dependencies.waits_for(task, unit.find(task.depends_on))
