"""Verbs of tracks: each takes the unit of work of the request, and gathers there what it changes."""

from collections.abc import Iterable
from typing import Any

from switchyard.domain import claims, clock, lifecycle, tracks
from switchyard.domain.dependencies import FieldPaths
from switchyard.domain.errors import Cycle
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.ledger import external_ids, order
from switchyard.ledger.intents import Require
from switchyard.ledger.unit import Unit
from switchyard.store import edges

#: The paths of references where a request has them by their bare names.
BARE = FieldPaths()


def create(unit: Unit, kind: TrackType, title: str, paths: FieldPaths = BARE, **fields: Any) -> Track:
    """Gather a new track. A task with a goal draws its number there (1 read of the goal).

    `paths` say where the request has the track's references. Raises UnknownReference, Cycle and Blocked; what only
    the write can check, the commit does.
    """
    # What was done before it came here is told, not decided: no order is kept any more.
    past = fields.get("completed_at") is not None
    track = _numbered(unit, tracks.create(unit.actor, unit.request_id, kind, title, **fields), None, paths)
    track = track if past else order.checked(unit, None, track)
    unit.create(track, paths)
    if track.external_id:
        external_ids.give(unit, track, track.external_id)
    _require(unit, track, track.references(), paths)
    return track


def change(unit: Unit, before: Track, paths: FieldPaths = BARE, **fields: Any) -> Track:
    """Gather a change of a track that was read; returns it as it will be, the same object when nothing differs.

    `paths` and errors as in `create`; also raises StaleFence, Leased and ApprovalRequired.
    """
    unit.ends.intend(before, fields.get("status", before.status))
    _check_lease(unit, before)
    claims.check_approval(before, unit.actor, fields)
    after = tracks.change(before, unit.actor, unit.request_id, **fields)
    if after is before:
        return before
    after = _numbered(unit, after, before, paths)
    after = after if fields.get("completed_at") is not None else order.checked(unit, before, after)
    after = unit.become(before, after, paths)
    if after.external_id and after.external_id != before.external_id:
        external_ids.give(unit, after, after.external_id)
    known = before.references() if after.owner == before.owner else []
    _require(unit, after, [each for each in after.references() if each not in known], paths)
    return after


def delete(unit: Unit, before: Track) -> Track:
    """Gather the deletion of a track that was read. Raises StaleFence and Leased."""
    _check_lease(unit, before)
    return unit.become(before, tracks.delete(before, unit.actor, unit.request_id))


def follow(unit: Unit, before: Track, **fields: Any) -> Track:
    """Gather a change that follows from another row's, e.g. a run's: whoever holds the task does not matter.

    Raises Blocked.
    """
    after = tracks.change(before, unit.actor, unit.request_id, **fields)
    return before if after is before else unit.become(before, order.checked(unit, before, after))


def unblocked(unit: Unit, before: Track, after: Track) -> list[Track] | None:
    """Return the open tasks for which a completed one was the last to wait for; None for any other change.

    At most a hundred; 1 round trip, and 1 more when others depend on it. What others wait for is as the pipeline
    counted it last.
    """
    if not after.is_task or not lifecycle.is_done(after.status) or lifecycle.is_done(before.status):
        return None
    ids = next(edges.dependents(unit.table, before))
    waiting = unit.find(ids).values() if ids else ()
    return [each for each in waiting if each.open_dependencies == 1 and each.status not in lifecycle.FINAL]


def stuck(unit: Unit, before: Track, after: Track) -> list[Track] | None:
    """Return the open tasks that wait for one which was cancelled, and so for ever; None for any other change.

    At most a hundred; 1 round trip, and 1 more when others depend on it.
    """
    if not after.is_task or after.status != "cancelled" or before.status in lifecycle.FINAL:
        return None
    ids = next(edges.dependents(unit.table, before))
    return [each for each in unit.find(ids).values() if each.status not in lifecycle.FINAL] if ids else []


def _check_lease(unit: Unit, before: Track) -> None:
    if before.is_task:
        claims.check_write(before, unit.actor, unit.fence, clock.now())


def _numbered(unit: Unit, track: Track, before: Track | None, paths: FieldPaths) -> Track:
    """Give a task that enters a goal the next number there; one that leaves it loses its number."""
    old_goal = before.goal_id if before else None
    if track.goal_id == old_goal or not track.is_task:
        return track
    if track.goal_id is None:
        return replace(track, number=None)
    goal = unit.pending(track.goal_id) or unit.find([track.goal_id]).get(track.goal_id)
    if goal is None or goal.is_task or (goal.owner and goal.owner != track.owner):
        path, name = paths.of(track, "goalId", track.goal_id), paths.name(track.goal_id)
        raise Require("goal", track.owner, path, name=name).refusal(track.goal_id)
    return replace(track, number=unit.draw(goal))


def _require(unit: Unit, track: Track, references: Iterable[tuple[str, str]], paths: FieldPaths) -> None:
    for ref, name in references:
        path, is_goal = paths.of(track, name, ref), name == "goalId"
        if ref == track.id:
            raise Cycle(path, [paths.name(ref), paths.name(ref)])
        wanted: TrackType = "task" if track.is_task and not is_goal else "goal"
        # What goalId names was read when its number was drawn.
        unit.require(ref, Require(wanted, track.owner, path, is_goal, paths.name(ref)))
