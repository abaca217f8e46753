"""Goal runs: start one, watch it, cancel it."""

from collections.abc import Mapping, Sequence
from typing import Any

from switchyard.domain import clock, goal_runs, lifecycle
from switchyard.domain.errors import FieldError, Invalid
from switchyard.domain.goal_runs import GoalRun
from switchyard.domain.ids import parse_id
from switchyard.domain.tracks import Track
from switchyard.http.call import Call, Reply
from switchyard.ledger import goal_runs as goal_run_verbs
from switchyard.ledger.unit import RowKey
from switchyard.store import goal_runs as goal_run_rows
from switchyard.store import keys, lists
from switchyard.store import tracks as track_rows
from switchyard.surfaces.planning.goal_run_models import RunGoal, ShowGoalRun


def rows_of_path(tenant_id: str, path: Mapping[str, str]) -> Sequence[RowKey]:
    """Return the keys of the goal and its latest goal run: what is read first."""
    goal_id = parse_id(path["id"])
    return [keys.track(tenant_id, goal_id), keys.goal_run(tenant_id, goal_id)] if goal_id else []


def start(call: Call[RunGoal]) -> Reply:
    """Begin a goal run with the settings of a RunGoal body."""
    body = call.body
    run = goal_run_verbs.start(call.unit, call.path_id(), max_parallel=body.max_parallel, on_failure=body.on_failure)
    return Reply(201, _shown(run), {"location": f"/v1/tracks/{run.goal_id}/run"})


def cancel(call: Call) -> Reply:
    """End the goal's run; what it started is cancelled soon after."""
    return Reply(200, _shown(goal_run_verbs.cancel(call.unit, call.path_id())))


def show(call: Call[None, ShowGoalRun]) -> Reply:
    """Answer with the latest goal run, and a page of the goal's tasks in their order."""
    query = call.query
    goal, run = goal_run_verbs.latest(call.unit, call.path_id())
    found = goal_run_rows.read_tasks(call.unit.table, goal.tenant_id, goal.id, goal.owner)
    tasks = [track_rows.from_item(item) for item in found]
    inside = {task.id for task in tasks}
    outside = call.unit.find(sorted({ref for task in tasks for ref in task.depends_on} - inside))
    states = goal_runs.states(run, tasks, outside, clock.now())
    if run.is_final:
        states = goal_runs.final_states(states)
    fingerprint = lists.fingerprint(goal.tenant_id, call.actor.id, "goal run", run.id)
    begin = _begin(lists.from_cursor(query.cursor, fingerprint), tasks)
    page = tasks[begin : begin + query.limit]
    more = begin + query.limit < len(tasks)
    known = {**outside, **{task.id: task for task in tasks}}
    shown = _shown(run) | {
        "tasks": [_task(task, states[task.id], run, known) for task in page],
        "nextCursor": lists.to_cursor(page[-1].id, fingerprint) if more else None,
    }
    return Reply(200, shown)


def _begin(position: str | None, tasks: list[Track]) -> int:
    """Return where the page after the task with the id of the position begins."""
    if position is None:
        return 0
    for index, task in enumerate(tasks):
        if task.id == position:
            return index + 1
    raise Invalid(FieldError("query.cursor", "names a task that has left the goal", "no cursor, to start again"))


def _shown(run: GoalRun) -> dict[str, Any]:
    blank = dict.fromkeys((*goal_runs.COUNTED, "tasks", "waitedFor"), 0)
    return {
        "id": run.id,
        "goalId": run.goal_id,
        "status": run.status,
        "reason": run.reason,
        "maxParallel": run.max_parallel,
        "onFailure": run.on_failure,
        "counts": blank | dict(run.counts),
        "waitingFor": list(run.waiting_for),
        "createdBy": run.created_by,
        "createdAt": run.created_at,
        "updatedAt": run.updated_at,
        "completedAt": run.completed_at,
    }


def _task(task: Track, state: goal_runs.State, run: GoalRun, known: Mapping[str, Track]) -> dict[str, Any]:
    ran = task.latest_run_id is not None and (task.latest_run_id > run.id or task.has_active_run)
    return {
        "id": task.id,
        "title": task.title,
        "number": task.number,
        "assignee": task.assignee,
        "assigneeType": task.assignee_type,
        "status": task.status,
        "state": state,
        "runId": task.latest_run_id if ran else None,
        "runStatus": task.latest_run_status if ran else None,
        "waitsFor": [ref for ref in task.depends_on if ref not in known or not lifecycle.is_done(known[ref].status)],
    }
