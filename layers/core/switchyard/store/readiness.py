"""What a task still waits for, counted from the tasks themselves. Written by the pipeline alone."""

from collections.abc import Mapping

from switchyard.domain import lifecycle
from switchyard.domain.errors import Busy
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.store import contention, keys
from switchyard.store import tracks as track_rows
from switchyard.store.table import ConditionFailed, Item, Table

#: Rows of tracks by their keys.
Rows = Mapping[tuple[str, str], Item]


def recount(table: Table, tenant_id: str, task_id: str, known: Rows | None = None) -> bool:
    """Bring the task's count of open dependencies up to date; returns whether it changed.

    It is recounted from what is in the table (2 round trips, and 3 more when it changed), so that it may be
    done late, twice or in parallel: a count that changed since it was read is counted again, and one that was written
    is read again, until both agree. A first count needs no second look: it is written only while there is none, and
    whoever changes it later counts by himself.

    `known` are rows that were read just now, strongly consistent and after the task's edges were written: with the task
    and all its dependencies among them the first round needs no read. Raises Busy.
    """
    changed = False
    for _ in contention.a_few_times():
        row, found = _rows(table, tenant_id, task_id, known)
        known, task = None, track_rows.from_item(row) if row else None
        if task is None or task.deleted_at or not task.depends_on:
            return changed
        others = [track_rows.from_item(item) for item in found.values()]
        done = sum(lifecycle.is_done(each.status) and not each.deleted_at for each in others)
        after = replace(task, open_dependencies=len(task.depends_on) - done)
        if after == task:
            return changed
        is_first = task.open_dependencies is None
        try:
            table.write([_first(task, after) if is_first else track_rows.update(task, after)])
        except ConditionFailed:
            continue
        if is_first:
            return True
        changed = True
    raise Busy(f"The task {task_id} kept changing.")


def _rows(table: Table, tenant_id: str, task_id: str, known: Rows | None) -> tuple[Item | None, Rows]:
    """Return the rows of a task and of what it depends on: from those that are known, if all are there."""
    row = (known or {}).get(keys.track(tenant_id, task_id)) or table.get(*keys.track(tenant_id, task_id))
    wanted = [keys.track(tenant_id, each["S"]) for each in row.get("depends_on", {}).get("L", ())] if row else []
    if known and all(each in known for each in wanted):
        return row, {each: known[each] for each in wanted}
    return row, table.get_many(wanted) if wanted else {}


def _first(task: Track, after: Track) -> Item:
    """The action that writes the first count of a task, on condition that there is none."""
    action: Item = track_rows.update(task, after)["Update"]
    condition = f"{action['ConditionExpression']} AND attribute_not_exists(open_dependencies)"
    return {"Update": {**action, "ConditionExpression": condition}}
