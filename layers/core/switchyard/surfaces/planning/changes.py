"""Create, change and delete one track."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import tracks
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.operation import OWN
from switchyard.ledger import tracks as track_verbs
from switchyard.surfaces.planning import fields, present
from switchyard.surfaces.planning.models import CreateTrack, UpdateTrack

#: What others move while a track is looked at, or a change alone tells: it may be sent back as it was at any time.
MOVING = ("rollup", "claim", "openDependencies", "latestRun", "unblocked", "stuck")
#: What a new track shows beside what its body says; null where it is empty.
NEW = {
    **dict.fromkeys(("id", "version", "updatedAt", "createdAt", "createdBy", "changedBy"), OWN),
    **dict.fromkeys((*MOVING, "dueAt", "completedAt", "completedNote"), OWN),
    "relatedResource": None,
    "externalId": None,
    "task": {"number": OWN}
    | dict.fromkeys(("status", "dueDate", "assignee", "assigneeType", "parentId", "goalId", "requiresApproval"))
    | dict.fromkeys(("repeat", "repeatFrom", "remind")),
    "goal": {"dueDate": None, "parentId": None},
}


def create(call: Call[CreateTrack]) -> Reply:
    """Make the track of a CreateTrack body."""
    body = call.body
    given = fields.common(body) | fields.scope(body.scope, call.unit)
    own = fields.task(body.task) if body.type == "task" else fields.goal(body.goal, call.actor)
    given |= {"external_id": body.external_id} | fields.past(body, own.get("status"), call.actor)
    title = given.pop("title")
    track = track_verbs.create(call.unit, body.type, title, fields.paths(body.type), **given, **own)
    headers = {"etag": tracks.etag(track), "location": f"/v1/tracks/{track.id}"}
    return Reply(201, present.full(track), headers)


def update(call: Call[UpdateTrack]) -> Reply:
    """Change the track of the path as an UpdateTrack body says."""
    body = call.body
    track_id = call.path_id()
    refs = _references(body)
    call.unit.prefetch([track_id, *refs], guard=bool(refs))
    before = call.unit.get(track_id)
    fields.check_type(before, body)
    given = fields.common(body) | fields.task(body.task, before) | fields.goal(body.goal, call.actor, before)
    given |= fields.external(body, before)
    call.unit.ends.intend(before, given.get("status", before.status))
    tracks.check_version(before, call.if_match)
    if body.scope is not None:
        given |= fields.changed_scope(body.scope, call.unit, before)
    after = track_verbs.change(call.unit, before, fields.paths(before.type), **given)
    shown = present.full(after)
    unblocked = track_verbs.unblocked(call.unit, before, after)
    if unblocked is not None:
        shown["unblocked"] = [each.id for each in unblocked]
    stuck = track_verbs.stuck(call.unit, before, after)
    if stuck is not None:
        shown["stuck"] = [each.id for each in stuck]
    return Reply(200, shown, {"etag": tracks.etag(after)})


def shown(call: AnyCall) -> dict[str, Any]:
    """Return what the track of the path shows."""
    return as_shown(call.unit.get(call.path_id()))


def as_shown(track: Track) -> dict[str, Any]:
    """Return what a track shows; counts and claims, which others' acts move, may be those of any time."""
    return {**present.full(track), **dict.fromkeys(MOVING, OWN)}


def _references(body: UpdateTrack) -> list[str]:
    own = body.task or body.goal
    goal = body.task.goal_id if body.task else ""
    return [ref for ref in (*own.depends_on, own.parent_id, goal) if ref] if own else []


def wanted(body: Mapping[str, Any]) -> str | None:
    """Return the status to store that a body means, as it was sent; None for none."""
    own = body.get("task") or body.get("goal")
    status = own.get("status") if isinstance(own, dict) else None
    return status if isinstance(status, str) else None


def delete(call: Call) -> Reply:
    """Delete the track of the path."""
    before: Track = call.unit.get(call.path_id())
    tracks.check_version(before, call.if_match)
    track_verbs.delete(call.unit, before)
    return Reply(204)
