"""Reminders of due dates: one invocation of Scheduler for each task that asks for it, and what follows from it."""

from switchyard.aws.scheduler import SCHEDULED_TIME, Plan, Scheduler, name_of
from switchyard.domain import clock, inbox, reminders
from switchyard.domain.tracks import Track
from switchyard.pipeline.consumer import check_time
from switchyard.store import inbox as inbox_rows
from switchyard.store import keys, tracks
from switchyard.store.table import Table


def plan(table: Table, scheduler: Scheduler, tenant: str, task_id: str) -> None:
    """Have Scheduler remind of a task as it is, or not at all.

    The task is read again afterwards: a consumer that planned an older version last plans once more.
    A reminder that is due between the latest change and now is given at once: Scheduler takes no time of the past.
    """
    name, task = name_of(tenant, task_id), _read(table, tenant, task_id)
    while True:
        check_time(table.deadline)
        at, now = reminders.at(task), clock.now()
        if at is not None and at > now:
            message = {"of": "schedules", "tenant": tenant, "remind": task_id, "at": SCHEDULED_TIME}
            scheduler.put(name, Plan(f"at({at[:19]})", "UTC", message))
        else:
            scheduler.delete(name)
        if task is not None and at is not None and task.updated_at <= at <= now:
            tell(table, tenant, task_id, at)
        former, task = task, _read(table, tenant, task_id)
        if reminders.at(task) == reminders.at(former):
            return


def tell(table: Table, tenant: str, task_id: str, at: str) -> None:
    """Tell a person that a task is due soon, once, if its reminder is still due at that instant (to the second)."""
    task = _read(table, tenant, task_id)
    due = reminders.at(task)
    if task is not None and due is not None and due[:19] == at[:19]:
        for item in inbox.of_reminder(task, due):
            inbox_rows.put(table, item)


def _read(table: Table, tenant: str, task_id: str) -> Track | None:
    row = table.get(*keys.track(tenant, task_id))
    return tracks.from_item(row) if row and tracks.is_live(row) else None
