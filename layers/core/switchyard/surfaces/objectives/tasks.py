"""The numbered tasks of an objective."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import lifecycle, tracks
from switchyard.domain.errors import NotFound
from switchyard.domain.ids import parse_id
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.operation import OWN
from switchyard.ledger import tracks as track_verbs
from switchyard.store import indexes, keys, lists
from switchyard.store import tracks as track_rows
from switchyard.store.lists import Range
from switchyard.surfaces.objectives import objectives, present
from switchyard.surfaces.objectives.models import CreateTask, ListTasks, UpdateTask

#: What a new task shows beside what its body says.
NEW = dict.fromkeys(("number", "completedAt", "metadata"), OWN)


def list_tasks(call: Call[None, ListTasks]) -> Reply:
    """Answer a ListTasks query by number: what everyone sees, and the caller's personal tasks of the objective."""
    goal, query = objectives.of_path(call), call.query
    actor = call.actor
    fingerprint = lists.fingerprint(actor.tenant_id, actor.id, "objective tasks", goal.id, query.sort_order)
    realms = [keys.realm(actor.tenant_id, owner) for owner in (None, actor.id)]
    page = lists.read_page(
        call.unit.table,
        [Range(indexes.BY_GOAL_NUMBER, keys.by_goal(realm, goal.id)) for realm in realms],
        limit=query.limit,
        after=lists.from_cursor(query.cursor or None, fingerprint),
        descending=query.sort_order == "desc",
    )
    items = [present.task(track_rows.from_item(item)) for item in page.rows]
    return Reply(200, {"items": items, "pagination": {"nextCursor": lists.to_cursor(page.position, fingerprint) or ""}})


def retrieve(call: Call) -> Reply:
    """Answer with one task of the objective."""
    return _answer(_of_path(call))


def create(call: Call[CreateTask]) -> Reply:
    """Add a task to the objective; it gets the next number, and is seen by whoever sees the objective."""
    body = call.body
    goal = objectives.of_path(call)
    status = "done" if body.completed else "todo"
    task = track_verbs.create(
        call.unit, "task", body.task, status=status, goal_id=goal.id, owner=goal.owner, project_ids=goal.project_ids
    )
    return _answer(task)


def update(call: Call[UpdateTask]) -> Reply:
    """Change a task's text, complete it, or reopen it."""
    body = call.body
    before = _of_path(call)
    if body.completed:
        call.unit.ends.intend(before, "done")
    tracks.check_version(before, call.if_match)
    fields: dict[str, Any] = {}
    if body.task is not None:
        fields["title"] = body.task
    # A task that is open already keeps its status: this surface does not distinguish backlog and in progress.
    if body.completed is not None and body.completed != lifecycle.is_done(before.status):
        fields["status"] = "done" if body.completed else "todo"
    return _answer(track_verbs.change(call.unit, before, **fields))


def shown(call: AnyCall) -> dict[str, Any]:
    """Return what the task of the path shows, also as a whole answer has it."""
    whole = present.task(_of_path(call))
    return {**whole["data"], **whole}


def wanted(body: Mapping[str, Any]) -> str | None:
    """Return the status to store that a body means, as it was sent; None for none."""
    return "done" if body.get("completed") is True else None


def _of_path(call: AnyCall) -> Track:
    given, task_id = call.path["objectiveId"], parse_id(call.path["id"])
    known = [found for found in (parse_id(given), task_id) if found]
    objectives.check_workspace(call)
    call.unit.prefetch(known)
    goal = objectives.find(call, given)
    task = call.unit.find([task_id]).get(task_id) if task_id else None
    if task is None or not task.is_task or task.goal_id != goal.id:
        raise NotFound(f"The objective has no task {call.path['id'][:80]!r}.")
    return task


def _answer(task: Track) -> Reply:
    return Reply(200, present.task(task), {"etag": tracks.etag(task)})
