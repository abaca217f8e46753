"""The rounds by which a workflow carries a goal run on.

A round looks at the goal's tasks as they are, starts what is ready, and leaves the token by which the workflow
waits for the next round: all in one transaction. What changes meanwhile is noted on the goal run's row
(pipeline/signals.py), so that no change between a round's reads and its write is lost.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from switchyard.aws.executions import Executions
from switchyard.domain import clock, goal_runs, lifecycle
from switchyard.domain.actors import SERVICE, Actor, ActorKind, service_actor
from switchyard.domain.errors import Busy
from switchyard.domain.goal_runs import GoalRun, Plan
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.ledger import runs, system
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import contention, edges, keys
from switchyard.store import goal_runs as goal_run_rows
from switchyard.store import runs as run_rows
from switchyard.store import tracks as track_rows
from switchyard.store.table import ConditionFailed, Table

#: Runs that one transaction starts: each is two actions, and the goal run's row is one.
STARTS_MAX = 45
#: Rounds of one execution, whose history has room for 25,000 events; then another one continues.
ROUNDS_MAX = 2_000
#: Runs of a task among which are those that a goal run started and that are under way.
_NEWEST = 100


def execution_of(run: GoalRun) -> tuple[str, dict[str, Any]]:
    """Return name and input of the execution whose turn it is; the same each time, so that a second start is the
    first."""
    part = run.rounds // ROUNDS_MAX
    name = f"{run.id}-{part}" if part else run.id
    return name, {"tenant_id": run.tenant_id, "goal_id": run.goal_id, "goal_run_id": run.id, "part": part}


def advance(table: Table, executions: Executions, event: Mapping[str, Any], request_id: str) -> None:
    """Make a round. `event` is the execution's input, and `token` the task token of the step that waits.

    The token is left on the goal run's row, or answered at once when this execution has nothing more to do. A round
    may be repeated. Raises Busy when rows keep changing until the table's deadline.
    """
    while not _advance_once(table, executions, event, request_id):
        pass


def _advance_once(table: Table, executions: Executions, event: Mapping[str, Any], request_id: str) -> bool:
    """Make a round, again after contention; returns whether the token is taken care of."""
    tenant, goal_id = event["tenant_id"], event["goal_id"]
    for _ in contention.until(table.deadline - 2):
        goal, run = _load(table, tenant, goal_id)
        ours = run if run and run.id == event["goal_run_id"] else None
        if ours is None or ours.is_final:
            if goal and (ours is None or ours.status == "cancelled"):
                _stop_runs(table, goal, event["goal_run_id"], request_id)
            executions.succeed(event["token"], {"over": True})
            return True
        name, given = execution_of(ours)
        if given["part"] > event["part"]:
            executions.start(name, given)
            executions.succeed(event["token"], {"over": True})
            return True
        try:
            return _round(table, goal, ours, event["token"], request_id)
        except Stale:
            continue
    raise Busy("The goal's tasks kept changing.")


def mend(table: Table, executions: Executions, run: GoalRun) -> str | None:
    """See to it that an execution carries on a goal run that is under way: 1 call, and 1 write when it was lost.

    One that was never started is `started`. In the place of one that is over, the next one is `continued`, as if the
    rounds of the former were used up: so its last round, if one is still on its way, writes nothing any more. The
    goal run may be read late: when it has changed since, nothing is done.
    """
    name, given = execution_of(run)
    execution = executions.describe(name)
    if execution is None:
        return "started" if executions.start(name, given) else None
    if execution.is_running:
        return None
    rounds = (given["part"] + 1) * ROUNDS_MAX
    after = replace(run, rounds=rounds, wait_token=None, version=run.version + 1)
    try:
        table.write([goal_run_rows.update(run, after)])
    except ConditionFailed:
        return None
    executions.start(*execution_of(after))
    return "continued"


def _load(table: Table, tenant_id: str, goal_id: str) -> tuple[Track | None, GoalRun | None]:
    """Read a goal, also a deleted one, and its latest goal run: 1 round trip."""
    goal_key, run_key = keys.track(tenant_id, goal_id), keys.goal_run(tenant_id, goal_id)
    found = table.get_many([goal_key, run_key])
    goal, run = found.get(goal_key), found.get(run_key)
    return track_rows.from_item(goal) if goal else None, goal_run_rows.from_item(run) if run else None


def _round(table: Table, goal: Track | None, run: GoalRun, token: str, request_id: str) -> bool:
    """Start what is ready and leave the token, or end the goal run; returns whether the token was left."""
    unit = Unit(table, _starter(run), request_id)
    if goal is None or goal.deleted_at:
        after = _ended(run, "cancelled", "The goal was deleted.", request_id)
    else:
        tasks, outside = _tasks(table, goal)
        plan = goal_runs.plan(run, tasks, outside, clock.now())
        # The last task completes the goal as well as the goal run: no reason to cancel it.
        if goal.status in lifecycle.FINAL and plan.status not in goal_runs.FINAL:
            after = _ended(run, "cancelled", f"The goal is {goal.status}.", request_id)
        else:
            for task in plan.start[:STARTS_MAX]:
                runs.create(unit, task, goal_run_id=run.id)
            after = _after(run, plan, token, request_id)
    unit.write(goal_run_rows.update(run, after))
    unit.commit(200, {}, "")
    return after.wait_token == token


def _after(run: GoalRun, plan: Plan, token: str, request_id: str) -> GoalRun:
    """Return what a round leaves the goal run as; without the token when there is more to start than it started."""
    if plan.status in goal_runs.FINAL:
        return replace(_ended(run, plan.status, plan.reason, request_id), counts=plan.counts)
    after = replace(
        run,
        status=plan.status,
        reason=plan.reason,
        counts=plan.counts,
        waiting_for=plan.waiting_for,
        version=run.version + 1,
        updated_at=max(clock.now(), run.updated_at),
    )
    if len(plan.start) > STARTS_MAX:
        return after
    return replace(after, rounds=run.rounds + 1, seen=run.woken, wait_token=token)


def _ended(run: GoalRun, status: goal_runs.Status, reason: str | None, request_id: str) -> GoalRun:
    return replace(goal_runs.end(run, status, reason, SERVICE, request_id), wait_token=None)


def _starter(run: GoalRun) -> Actor:
    """Return the actor in whose name tasks are run: the one that began the goal run."""
    kind: ActorKind = "agent" if run.created_by_kind == "agent" else "user"
    name = run.created_by_name or ""
    return Actor(run.tenant_id, run.created_by, kind, frozenset(), "", name, source="workflow")


def _tasks(table: Table, goal: Track) -> tuple[list[Track], dict[str, Track]]:
    """Read the goal's tasks in their order, and what else they depend on, as they are: 1 query for each MB, and
    1 read for each 100 of either."""
    listed = [row["id"]["S"] for row in goal_run_rows.read_tasks(table, goal.tenant_id, goal.id, goal.owner)]
    found = _read(table, goal.tenant_id, listed)
    tasks = [track for track in found if track.goal_id == goal.id and track.owner == goal.owner]
    inside = {task.id for task in tasks}
    refs = sorted({ref for task in tasks for ref in task.depends_on} - inside)
    return tasks, {track.id: track for track in _read(table, goal.tenant_id, refs, deleted=True)}


def _read(table: Table, tenant_id: str, ids: Sequence[str], *, deleted: bool = False) -> list[Track]:
    """Read tracks that live (or were `deleted` lately), whoever may see them, in the given order."""
    found = table.get_many([keys.track(tenant_id, each) for each in ids]) if ids else {}
    items = [found.get(keys.track(tenant_id, each)) for each in ids]
    return [track_rows.from_item(item) for item in items if item and (deleted or track_rows.is_live(item))]


def _stop_runs(table: Table, goal: Track, goal_run_id: str, request_id: str) -> None:
    """Cancel the runs that a goal run started and that are under way; also of tasks that have left the goal since."""
    actor = service_actor(goal.tenant_id)
    members = [each for ids in edges.referrers(table, goal) for each in ids]
    listed = [row["id"]["S"] for row in goal_run_rows.read_tasks(table, goal.tenant_id, goal.id, goal.owner)]

    def decide(run: Run) -> Mapping[str, Any] | None:
        if run.is_final or run.goal_run_id != goal_run_id:
            return None
        return {"status": "cancelled", "error_message": "The goal run was cancelled."}

    for task in _read(table, goal.tenant_id, list(dict.fromkeys(members + listed))):
        for run_id in _active_runs(table, task):
            system.change_run(table, actor, request_id, task.id, run_id, decide)


def _active_runs(table: Table, task: Track) -> list[str]:
    """Return the task's runs that may be under way: its only one, or 1 query of the newest hundred.

    One that the goal run started need not be the latest: someone may have started another beside it.
    """
    if (task.run_count or 0) < 2:
        return [task.latest_run_id] if task.has_active_run and task.latest_run_id else []
    found = run_rows.read_of_task(table, task.tenant_id, task.id, _NEWEST).items
    return [run.id for run in map(run_rows.from_item, found) if not run.is_final]
