"""Create, read, change and delete one task of the pool."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import lifecycle, tracks
from switchyard.domain.errors import FieldError, Invalid, NotFound
from switchyard.domain.ids import parse_id
from switchyard.domain.tracks import DEPENDS_MAX, Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.operation import OWN
from switchyard.ledger import tracks as track_verbs
from switchyard.surfaces.pool import present, workflow
from switchyard.surfaces.pool.models import CreateTask, UpdateTask

#: What a new task shows beside what its body says.
NEW = dict.fromkeys(("organizationId", "createdBy", "createdAt", "updatedAt", "claim"), OWN)


def create(call: Call[CreateTask]) -> Reply:
    """Make the task of a CreateTask body."""
    body = call.body
    status = workflow.group(body.status or "pending")[0]
    fields = _fields(body, None, status) | _named_in_metadata(call, body, None)
    track = track_verbs.create(
        call.unit, "task", body.title, status=status, priority=body.priority or "medium", **fields
    )
    shown = present.task(track)
    return Reply(201, shown, {"location": f"/api/v1/tasks/{shown['id']}", "etag": tracks.etag(track)})


def read(call: Call) -> Reply:
    """Show the task of the path."""
    track = of_path(call)
    return Reply(200, present.task(track), {"etag": tracks.etag(track)})


def update(call: Call[UpdateTask]) -> Reply:
    """Change the task of the path as an UpdateTask body says, within the workflow."""
    body = call.body
    refs = body.depends_on or []
    track_id = path_id(call)
    call.unit.prefetch([track_id, *refs], guard=bool(refs))
    before = of_path(call)
    sent = body.model_fields_set
    if "status" in sent:
        call.unit.ends.intend(before, workflow.group(body.status)[0])
    tracks.check_version(before, call.if_match)
    fields: dict[str, Any] = {name: getattr(body, name) for name in ("title", "priority") if name in sent}
    status = workflow.step(before.status, body.status) if "status" in sent else before.status
    named = _named_in_metadata(call, body, before)
    after = track_verbs.change(call.unit, before, status=status, **fields, **named, **_fields(body, before, status))
    return Reply(200, present.task(after), {"etag": tracks.etag(after)})


def wanted(body: Mapping[str, Any]) -> str | None:
    """Return the status to store that a body means, as it was sent; None for none."""
    status = body.get("status")
    return workflow.group(status)[0] if isinstance(status, str) and status in workflow.STATUSES else None


def delete(call: Call) -> Reply:
    """Delete the task of the path: it is gone for every surface at once, and kept for the trail a while."""
    before = of_path(call)
    tracks.check_version(before, call.if_match)
    track_verbs.delete(call.unit, before)
    return Reply(204)


def shown(call: AnyCall) -> dict[str, Any]:
    """Return what the task of the path shows; a claim's answer may come back too."""
    return {**present.task(of_path(call)), "claim": OWN}


def path_id(call: AnyCall) -> str:
    """Return the id of the path; an invalid id is the id of no task."""
    given = call.path["id"]
    found = parse_id(given)
    if found is None:
        raise NotFound(f"Task not found: {given[:80]}")
    return found


def of_path(call: AnyCall) -> Track:
    """Return the task of the path. Raises NotFound for goals and personal tracks too: they are not in the pool."""
    track_id = path_id(call)
    track = call.unit.find([track_id]).get(track_id)
    if track is None or not track.is_task or track.owner:
        raise NotFound(f"Task not found: {call.path['id'][:80]}")
    return track


def _fields(body: CreateTask | UpdateTask, before: Track | None, status: str | None) -> dict[str, Any]:
    """Return the fields that the client sent, as a track keeps them."""
    sent = body.model_fields_set
    fields: dict[str, Any] = {}
    if "description" in sent:
        fields["description"] = body.description or ""
    if "assigned_to" in sent:
        fields["assignee"] = body.assigned_to or None
        if body.assigned_to and (before is None or before.assignee != body.assigned_to):
            # A user unless the client says otherwise, as the document has it.
            fields["assignee_type"] = "user"
    is_given = body.assignee_type or ("assignee_type" in sent and "assignee_type" not in fields)
    if is_given and not _is_shown_type(body, before):
        fields["assignee_type"] = body.assignee_type
    if "space_id" in sent and not _is_shown_space(body.space_id, before):
        fields["project_ids"] = (body.space_id,) if body.space_id else ()
    if "due_date" in sent and not tracks.is_shown_due(body.due_date, before):
        fields["due"] = body.due_date
    if "metadata" in sent:
        fields["metadata"] = body.metadata or {}
    if "depends_on" in sent:
        fields["depends_on"] = tuple(body.depends_on or ())
    if body.completed_at is not None:
        if not lifecycle.is_done(status):
            raise Invalid(FieldError("completedAt", "only a completed task has one", "status completed", "conflict"))
        fields["completed_at"] = body.completed_at
    return fields


def _is_shown_type(body: CreateTask | UpdateTask, before: Track | None) -> bool:
    """Return whether the client wrote back what it was shown: a task of nobody shows the type user."""
    if before is None or before.assignee_type is not None or body.assignee_type != "user":
        return False
    return "assigned_to" not in body.model_fields_set or not body.assigned_to


def _named_in_metadata(call: AnyCall, body: CreateTask | UpdateTask, before: Track | None) -> dict[str, Any]:
    """Read `metadata.dependsOn`, a task's id or a list of them, as the dependencies it names: 1 round trip.

    Anything else there is metadata like any other, as is what the task has had there already.
    """
    named = (body.metadata or {}).get("dependsOn")
    if named is None or "depends_on" in body.model_fields_set or (before and before.metadata.get("dependsOn") == named):
        return {}
    listed = [named] if isinstance(named, str) else named
    ids = [parse_id(each) if isinstance(each, str) else None for each in listed] if isinstance(listed, list) else []
    refs = tuple(dict.fromkeys(each for each in ids if each))
    if not refs or None in ids or len(refs) > DEPENDS_MAX:
        return {}
    call.unit.prefetch(refs, guard=before is not None)
    found = call.unit.find(refs)
    known = all(each in found and found[each].is_task and not found[each].owner for each in refs)
    return {"depends_on": refs} if known else {}


def _is_shown_space(given: str | None, before: Track | None) -> bool:
    """Return whether the client wrote back what it was shown: a task of several spaces shows the first."""
    return before is not None and bool(before.project_ids) and given == before.project_ids[0]
