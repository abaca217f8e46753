"""What a task still waits for, counted from the tasks themselves. Written by the pipeline alone."""

from switchyard.domain import lifecycle
from switchyard.domain.entities import replace
from switchyard.domain.errors import Busy
from switchyard.store import contention, keys
from switchyard.store import tracks as track_rows
from switchyard.store.table import ConditionFailed, Table


def recount(table: Table, tenant_id: str, task_id: str) -> bool:
    """Bring the task's count of open dependencies up to date; returns whether it changed.

    It is recounted from what is in the table (2 round trips, and 3 more when it changed), so that it may be
    done late, twice or in parallel: a count that changed since it was read is counted again, and one that was written
    is read again, until both agree. Raises Busy.
    """
    changed = False
    for _ in contention.a_few_times():
        row = table.get(*keys.track(tenant_id, task_id))
        task = track_rows.from_item(row) if row else None
        if task is None or task.deleted_at or not task.depends_on:
            return changed
        found = table.get_many([keys.track(tenant_id, each) for each in task.depends_on])
        others = [track_rows.from_item(item) for item in found.values()]
        done = sum(lifecycle.is_done(each.status) and not each.deleted_at for each in others)
        after = replace(task, open_dependencies=len(task.depends_on) - done)
        if after == task:
            return changed
        try:
            table.write([track_rows.update(task, after)])
        except ConditionFailed:
            continue
        changed = True
    raise Busy(f"The task {task_id} kept changing.")
