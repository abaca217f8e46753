"""Runs that tasks get automatically: decided by the stream's pipeline, written once."""

from switchyard.domain import auto_runs
from switchyard.domain.actors import service_actor
from switchyard.domain.errors import Busy
from switchyard.domain.runs import Run
from switchyard.ledger import runs
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import contention, tenants
from switchyard.store.table import Table


def start(table: Table, tenant_id: str, task_id: str, request_id: str) -> Run | None:
    """Start a run of a task that is due as it is, if its tenant wants that; None when there is nothing to start.

    The run and the task that names it as its latest are one conditional write, so that of many that try, in whatever
    order and however often, one starts a run. 2 round trips to read, 1 to write. Raises Busy.
    """
    tenant = tenants.find_tenant(table, tenant_id)
    if tenant is None or tenant.auto_run != "agents":
        return None
    for _ in contention.a_few_times():
        unit = Unit(table, service_actor(tenant_id), request_id)
        task = unit.find([task_id]).get(task_id)
        if task is None or not auto_runs.is_due(task):
            return None
        run = runs.create(unit, task, agent=task.assignee)
        unit.require_done(task.depends_on)
        try:
            unit.commit(200, {}, "")
        except Stale:
            continue
        return run
    raise Busy(f"The task {task_id} kept changing.")
