"""Schedules: created, shown, listed, changed, deleted, and what became of their occurrences."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock
from switchyard.domain.schedules import Occurrence, Schedule
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.operation import OWN
from switchyard.ledger import schedules as verbs
from switchyard.ledger.unit import Unit
from switchyard.store import lists
from switchyard.store import schedules as rows
from switchyard.store.codec import unexpired
from switchyard.surfaces.inputs import Paging
from switchyard.surfaces.planning import fields
from switchyard.surfaces.planning.schedule_models import (
    CreateSchedule,
    GoalToRun,
    ListOccurrences,
    NewTask,
    TaskToRun,
    UpdateSchedule,
)

#: Occurrences that an answer shows ahead.
UPCOMING = 5
#: What moves while a schedule is looked at: it may be sent back as it was at any time.
MOVING = ("upcoming", "lastAt", "lastTrack")
#: What a new schedule shows beside what its body says; null where it is empty.
NEW = {
    **dict.fromkeys(("id", "version", "actsAs", "createdBy", "createdAt", "updatedAt", *MOVING), OWN),
    "endsAt": None,
}
#: The fields of a request that are a schedule's own.
_OWN = ("name", "expression", "time_zone", "starts_at", "ends_at", "overlap", "catch_up", "paused")
#: Fields of a template whose empty text means none.
_CLEARED = ("assignee", "assignee_type", "parent_id", "goal_id", "requires_approval")


def as_shown(call: AnyCall) -> dict[str, Any]:
    """Return what the schedule of the path shows."""
    return {**shown(_of_path(call)), **dict.fromkeys(MOVING, OWN)}


def as_new(call: Call[Any]) -> dict[str, Any]:
    """Return what a new schedule shows beside what its body says; what is not begun, and what is empty, as null."""
    blank = dict.fromkeys(("assignee", "assigneeType", "parentId", "goalId", "requiresApproval", "dueInDays"))
    begins = {"createTask": blank, "runTask": {"agent": None}, "runGoal": {}}
    return {**NEW, **{name: what if call.body.get(name) else None for name, what in begins.items()}}


def create(call: Call[CreateSchedule]) -> Reply:
    """Make the schedule of a CreateSchedule body."""
    made = verbs.create(call.unit, **_given(call.body, call.unit))
    return Reply(201, shown(made), {"location": f"/v1/schedules/{made.id}"})


def show(call: Call) -> Reply:
    """Answer with the schedule of the path: 1 round trip."""
    return Reply(200, shown(_of_path(call)))


def update(call: Call[UpdateSchedule]) -> Reply:
    """Change the schedule of the path."""
    before = _of_path(call)
    return Reply(200, shown(verbs.change(call.unit, before, **_given(call.body, call.unit))))


def delete(call: Call) -> Reply:
    """Delete the schedule of the path: nothing begins by it any more."""
    verbs.delete(call.unit, _of_path(call))
    return Reply(204)


def page(call: Call[None, Paging]) -> Reply:
    """Answer with a page of the schedules that the caller may see, newest first: 1 query."""
    query, actor = call.query, call.actor
    fingerprint = lists.fingerprint("schedules", actor.tenant_id, actor.id)
    after = lists.from_cursor(query.cursor, fingerprint)
    found = rows.of_tenant(call.unit.table, actor.tenant_id, actor.id, query.limit, after)
    items = [shown(rows.from_item(each)) for each in found.items]
    return Reply(200, {"items": items, "nextCursor": lists.to_cursor(found.position, fingerprint)})


def occurrences(call: Call[None, ListOccurrences]) -> Reply:
    """Answer with a page of the schedule's occurrences, newest first: 2 round trips."""
    query, schedule = call.query, _of_path(call)
    fingerprint = lists.fingerprint("occurrences", schedule.tenant_id, call.actor.id, schedule.id)
    after = lists.from_cursor(query.cursor, fingerprint)
    found = rows.of_schedule(call.unit.table, schedule, query.limit, after)
    items = [_occurrence(rows.occurrence_from(each)) for each in unexpired(found.items)]
    return Reply(200, {"items": items, "nextCursor": lists.to_cursor(found.position, fingerprint)})


def _of_path(call: AnyCall) -> Schedule:
    return verbs.find(call.unit, call.path_id())


# ---------------------------------------------------------------- from the wire


def _given(body: CreateSchedule | UpdateSchedule, unit: Unit) -> dict[str, Any]:
    """Return the fields of a schedule that a request sends."""
    sent = body.model_fields_set
    given = {name: getattr(body, name) for name in _OWN if name in sent}
    if "ends_at" in given:
        given["ends_at"] = given["ends_at"] or None
    for does, what in body.begins:
        given |= {"does": does, "target_id": None, "template": {}, "settings": {}}
        if isinstance(what, NewTask):
            given |= _template(what, unit)
        elif isinstance(what, TaskToRun):
            given |= {"target_id": what.id, "settings": {"agent": what.agent} if what.agent else {}}
        elif isinstance(what, GoalToRun):
            settings = {"max_parallel": what.max_parallel, "on_failure": what.on_failure}
            given |= {"target_id": what.id, "settings": settings}
    return given


def _template(task: NewTask, unit: Unit) -> dict[str, Any]:
    """Return the fields of a track that the task will have, as JSON keeps them."""
    scope = fields.scope(task.scope, unit)
    template = {
        "title": task.title,
        "description": task.description,
        "priority": task.priority or "medium",
        "metadata": task.metadata,
        "owner": scope["owner"],
        "project_ids": list(scope["project_ids"]),
        **{name: getattr(task, name) or None for name in _CLEARED},
    }
    return {"template": template, "settings": {} if task.due_in_days is None else {"due_in_days": task.due_in_days}}


# ---------------------------------------------------------------- to the wire


def shown(schedule: Schedule) -> dict[str, Any]:
    """Return what is shown of a schedule."""
    settings, target = schedule.settings, schedule.target_id
    return {
        "id": schedule.id,
        "name": schedule.name,
        "expression": schedule.expression,
        "timeZone": schedule.time_zone,
        "startsAt": schedule.starts_at,
        "endsAt": schedule.ends_at,
        "createTask": _new_task(schedule.template, settings) if schedule.does == "create_task" else None,
        "runTask": {"id": target, "agent": settings.get("agent")} if schedule.does == "run_task" else None,
        "runGoal": _goal(target, settings) if schedule.does == "run_goal" else None,
        "overlap": schedule.overlap,
        "catchUp": schedule.catch_up,
        "paused": schedule.paused,
        "upcoming": schedule.upcoming(clock.now(), UPCOMING),
        "lastAt": schedule.last_at,
        "lastTrack": schedule.last_track_id,
        "actsAs": schedule.changed_by,
        "version": schedule.version,
        "createdBy": schedule.created_by,
        "createdAt": schedule.created_at,
        "updatedAt": schedule.updated_at,
    }


def _new_task(template: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    projects = {"type": "projects", "ids": template["project_ids"]}
    return {
        "title": template["title"],
        "scope": {"type": "personal"} if template["owner"] else projects,
        "description": template["description"],
        "priority": template["priority"],
        "assignee": template["assignee"],
        "assigneeType": template["assignee_type"],
        "parentId": template["parent_id"],
        "goalId": template["goal_id"],
        "requiresApproval": template["requires_approval"],
        "metadata": template["metadata"],
        "dueInDays": settings.get("due_in_days"),
    }


def _goal(target: str | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": target, "maxParallel": settings["max_parallel"], "onFailure": settings["on_failure"]}


def _occurrence(found: Occurrence) -> dict[str, Any]:
    return {
        "at": found.at,
        "outcome": found.outcome,
        "reason": found.reason,
        "track": found.track_id,
        "run": found.run_id,
        "decidedAt": found.decided_at,
    }
