"""Goal runs in the ledger, as requests begin and cancel them; pipeline/goal_rounds.py carries them on."""

from typing import Any

from switchyard.domain import goal_runs
from switchyard.domain.errors import NotFound
from switchyard.domain.goal_runs import GoalRun
from switchyard.domain.tracks import Track
from switchyard.ledger.unit import Unit
from switchyard.store import goal_runs as goal_run_rows
from switchyard.store import keys


def find(unit: Unit, goal_id: str) -> tuple[Track, GoalRun | None]:
    """Read a visible goal and its latest goal run (None: it never had one): 1 round trip. Raises NotFound."""
    row_key = keys.goal_run(unit.actor.tenant_id, goal_id)
    unit.prefetch([goal_id], rows=[row_key])
    goal, row = unit.get(goal_id, "goal"), unit.row(row_key)
    return goal, goal_run_rows.from_item(row) if row else None


def latest(unit: Unit, goal_id: str) -> tuple[Track, GoalRun]:
    """Read a visible goal and its latest goal run: 1 round trip. Raises NotFound, also when it never had one."""
    goal, run = find(unit, goal_id)
    if run is None:
        raise NotFound("The goal was never run.")
    return goal, run


def start(unit: Unit, goal_id: str, **settings: Any) -> GoalRun:
    """Gather a new goal run: 1 round trip for goal and former goal run, 1 to see that there is work.

    Raises NotFound, Active, NothingToRun, TooManyTasks, and Conflict for a finished goal.
    """
    goal, former = find(unit, goal_id)
    if former and former.changed_request == unit.request_id:
        return former  # the first attempt went through and only its answer was lost
    run = goal_runs.create(goal, former, unit.actor, unit.request_id, **settings)
    if not goal_run_rows.has_work(unit.table, goal.tenant_id, goal.id, goal.owner):
        raise goal_runs.NothingToRun("No open task of the goal is assigned to an agent: assign one, then run it.")
    unit.write(goal_run_rows.put(run, former))
    return run


def cancel(unit: Unit, goal_id: str) -> GoalRun:
    """Gather the end of the goal's run; the workflow then cancels what it started. Raises NotFound or Ended."""
    _, run = latest(unit, goal_id)
    if run.changed_request == unit.request_id:
        return run  # as above
    after = goal_runs.end(run, "cancelled", f"Cancelled by {unit.actor.id}.", unit.actor.id, unit.request_id)
    unit.write(goal_run_rows.update(run, after))
    return after
