"""Changes of runs that no request makes: the workflow's and the pipeline's, in the name of the service itself."""

from collections.abc import Callable, Mapping
from typing import Any

from switchyard.domain.actors import Actor
from switchyard.domain.errors import Busy
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.ledger import runs
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import contention, keys
from switchyard.store import runs as run_rows
from switchyard.store import tracks as track_rows
from switchyard.store.table import ConditionFailed, Table


def load(table: Table, tenant_id: str, task_id: str, run_id: str) -> tuple[Track | None, Run | None]:
    """Read a run and its task, whoever may see them (None: gone): 1 round trip."""
    task_key, run_key = keys.track(tenant_id, task_id), keys.run(tenant_id, task_id, run_id)
    found = table.get_many([task_key, run_key])
    task, run = found.get(task_key), found.get(run_key)
    live = task if track_rows.is_live(task) else None
    return track_rows.from_item(live) if live else None, run_rows.from_item(run) if run else None


def move_run(table: Table, tenant_id: str, task_id: str, run_id: str) -> None:
    """Bring a run to where its task is: among the tenant's, or its owner's. Nothing else of it changes but its version.

    2 round trips, 1 when it is there. Raises Busy when the rows keep changing until the table's deadline.
    """
    for _ in contention.until(table.deadline - 1):
        task, run = load(table, tenant_id, task_id, run_id)
        if task is None or run is None or run.owner == task.owner:
            return
        after = replace(run, owner=task.owner, version=run.version + 1)
        try:
            table.write([run_rows.update(run, after), track_rows.must_belong_to(task)])
        except ConditionFailed:
            continue
        return
    raise Busy("The run kept changing: try again.")


def change_run(
    table: Table,
    by: Actor,
    request_id: str,
    task_id: str,
    run_id: str,
    decide: Callable[[Run], Mapping[str, Any] | None],
) -> Run | None:
    """Change a run as `decide` says of it as it is, whoever holds it; None when the run is gone.

    `decide` returns the fields to change, or None to leave the run alone; it is called again when rows changed. Fields
    that change without a new version do so here. Raises Busy when they move until the table's deadline.
    """
    for _ in contention.until(table.deadline - 1):
        task, run = load(table, by.tenant_id, task_id, run_id)
        fields = decide(run) if run else None
        if run is None or fields is None:
            return run
        unit = Unit(table, by, request_id)
        after = runs.apply(unit, task, run, fields)
        try:
            unit.commit(200, {}, "")
        except Stale:
            continue
        return after
    raise Busy("The run kept changing: try again.")
