"""What a goal's tasks come to moves the goal: its status and progress follow them, unless a person set these.

The pipeline moves the goal with the counts of its tasks. A status that says what tasks can not tell (at risk,
postponed, cancelled) stays whoever set it.
"""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import tracks
from switchyard.domain.actors import Actor, service_actor
from switchyard.domain.tracks import Track

#: The fields that can follow, each with what a new goal has.
_NEW: Mapping[str, Any] = {"status": "not_started", "progress": 0}
_MOVED = frozenset({"not_started", "on_track", "completed"})


def held(actor: Actor, before: Track | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a change of a goal, and which of its fields are set by a person from then on.

    What a person sets stays as it is from then on; setting what the tasks come to lets it follow them again. What an
    agent sets stays until the tasks come to something else.
    """
    if actor.kind == "agent":
        return dict(fields)
    kept = set(before.set_by_person) if before else set()
    told = _told(before) if before else {}
    for name in _NEW.keys() & fields.keys():
        if fields[name] == (getattr(before, name) if before else _NEW[name]):
            continue
        (kept.discard if fields[name] == told.get(name) else kept.add)(name)
    return {**fields, "set_by_person": tuple(sorted(kept))}


def moved(goal: Track, total: int, done: int, begun: bool, request_id: str) -> Track:
    """Return the goal as its tasks move it: the same object when they do not.

    `total` and `done` are its tasks less the cancelled ones; `begun` tells that the one that changed has begun, or
    is done.
    """
    if goal.deleted_at or not total:
        return goal
    fields = {"status": _status(goal.status, total, done, begun), "progress": 100 * done // total}
    wanted = {name: fields[name] for name in goal.follows}
    return tracks.change(goal, service_actor(goal.tenant_id), request_id, **wanted)


def _status(current: str | None, total: int, done: int, begun: bool) -> str | None:
    if current not in _MOVED:
        return current
    if done == total:
        return "completed"
    return "on_track" if begun or current == "completed" else current


def _told(goal: Track) -> dict[str, Any]:
    """Return what the goal's tasks come to, as far as they tell."""
    progress = goal.computed_progress
    if progress is None:
        return {}
    status = "completed" if progress == 100 else "on_track" if progress else "not_started"
    return {"status": status, "progress": progress}
