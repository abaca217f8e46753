"""What schedules begin: a task made of a template, a run of a task, a run of a goal. Each gathers it in a unit."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import batched
from typing import Any

from switchyard.domain import clock, goal_runs, lifecycle
from switchyard.domain.goal_runs import GoalRun
from switchyard.domain.schedules import Schedule
from switchyard.domain.timing import zone
from switchyard.domain.tracks import Track
from switchyard.ledger import goal_runs as goal_run_verbs
from switchyard.ledger import runs, tracks
from switchyard.ledger.unit import Unit
from switchyard.store import goal_runs as goal_run_rows

#: Tasks of a goal that one transaction opens again: a transaction has 100 actions.
_AT_ONCE = 90
#: What a task is that is opened again.
_OPEN = "todo"

Begun = dict[str, Any]


def begin(unit: Unit, schedule: Schedule, at: str) -> Begun:
    """Gather what an occurrence begins; returns track_id and run_id. Raises what the verbs do."""
    if schedule.does == "create_task":
        return _create_task(unit, schedule, at)
    if schedule.does == "run_task":
        return _run_task(unit, schedule)
    return _run_goal(unit, schedule, at)


def under_way(unit: Unit, schedule: Schedule) -> Track | GoalRun | None:
    """Return what an occurrence would overlap with: the task it created last, the task or the goal that is run."""
    if schedule.does == "run_goal":
        _, run = goal_run_verbs.find(unit, schedule.target_id or "")
        return run if run and not run.is_final else None
    track_id = schedule.last_track_id if schedule.does == "create_task" else schedule.target_id
    track = unit.find([track_id]).get(track_id) if track_id else None
    if track is None or (
        track.status in lifecycle.FINAL if schedule.does == "create_task" else not track.has_active_run
    ):
        return None
    return track


def _create_task(unit: Unit, schedule: Schedule, at: str) -> Begun:
    """Gather a task, due so many days after the local day of the occurrence."""
    fields = {**schedule.template, "project_ids": tuple(schedule.template["project_ids"])}
    if (days := schedule.settings.get("due_in_days")) is not None:
        local = clock.to_datetime(at).astimezone(zone(schedule.time_zone))
        fields["due"] = (local.date() + timedelta(days=days)).isoformat()
    return {"track_id": tracks.create(unit, "task", fields.pop("title"), **fields).id}


def _run_task(unit: Unit, schedule: Schedule) -> Begun:
    """Gather a run of a task, which is opened again if it is done."""
    task = unit.get(schedule.target_id or "", "task")
    if lifecycle.is_done(task.status):
        task = tracks.change(unit, task, status=_OPEN)
    run = runs.create(unit, task, agent=schedule.settings.get("agent") or task.assignee)
    return {"track_id": task.id, "run_id": run.id}


def _run_goal(unit: Unit, schedule: Schedule, at: str) -> Begun:
    """Gather a goal run. The goal and its tasks that are done are opened again, the tasks at once.

    What was done since the occurrence was due, or since the former goal run, stays done: so who decides the same
    occurrence late opens nothing that was done for it.
    """
    goal, former = goal_run_verbs.find(unit, schedule.target_id or "")
    since = max(at, former.completed_at or at) if former else at
    tasks = list(_tasks(unit, goal))
    if not any(task.is_agents and task.status != "cancelled" for task in tasks):
        raise goal_runs.NothingToRun("No task of the goal is assigned to an agent: assign one.")
    if lifecycle.is_done(goal.status):
        goal = tracks.change(unit, goal, status="not_started", set_by_person=())
    run = goal_runs.create(goal, former, unit.actor, unit.request_id, **schedule.settings)
    # What cannot run opens no tasks, so this is last.
    _open_again(unit, [each for each in tasks if lifecycle.is_done(each.status) and (each.completed_at or "") < since])
    unit.write(goal_run_rows.put(run, former))
    return {"track_id": goal.id, "run_id": run.id}


def _tasks(unit: Unit, goal: Track) -> Iterator[Track]:
    """Read a goal's tasks as they are: 1 query for each MB of them, and 1 read for each 100."""
    listed = goal_run_rows.read_tasks(unit.table, goal.tenant_id, goal.id, goal.owner)
    for track in unit.find([row["id"]["S"] for row in listed]).values():
        if track.goal_id == goal.id:
            yield track


def _open_again(unit: Unit, done: Sequence[Track]) -> None:
    """Open tasks again, before anything else is written: 1 transaction for each _AT_ONCE of them. Raises Stale."""
    for some in batched(done, _AT_ONCE, strict=False):
        opening = Unit(unit.table, unit.actor, unit.request_id)
        for task in some:
            tracks.change(opening, task, status=_OPEN)
        opening.commit(200, {}, "")
