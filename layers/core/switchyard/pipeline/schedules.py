"""Signals of schedules: EventBridge Scheduler is brought in line with the rows, and occurrences begin.

Scheduler sends its messages to the queue of signals: nothing else has to be polled, retried or watched. A signal has
ids and instants, and may come again, late, and in any order.
"""

from collections.abc import Callable, Mapping
from typing import Any

from switchyard.aws.scheduler import SCHEDULED_TIME, Plan, Scheduler, name_of
from switchyard.aws.telemetry import logger
from switchyard.domain import clock, schedules, timing
from switchyard.domain.schedules import Occurrence, Schedule
from switchyard.ledger import occurrences
from switchyard.pipeline import reminders
from switchyard.pipeline.consumer import check_time
from switchyard.store import schedule_keys
from switchyard.store import schedules as rows
from switchyard.store.table import Table

Signal = Mapping[str, Any]


def take(table: Table, scheduler: Callable[[], Scheduler], signal: Signal) -> None:
    """Begin the occurrence at the instant `at` that Scheduler names, else look at a schedule that changed.

    With `remind` the reminder of that task is due.
    """
    tenant = signal["tenant"]
    if "remind" in signal:
        reminders.tell(table, tenant, signal["remind"], clock.instant(signal["at"]))
        return
    schedule_id = signal["schedule"]
    if "at" in signal:
        _tell(occurrences.begin(table, tenant, schedule_id, clock.instant(signal["at"])))
        return
    schedule = _plan(table, scheduler(), tenant, schedule_id)
    at = schedules.due_since(schedule, clock.now()) if schedule else None
    if at:
        _tell(occurrences.begin(table, tenant, schedule_id, at))


def go_on(table: Table, signal: Signal) -> None:
    """Begin what waits for the end of what a signal tells of: occurrences of the schedules that it names."""
    for each in signal["awaited_by"]:
        check_time(table.deadline)
        _tell(occurrences.go_on(table, signal["tenant"], each))


def _tell(found: Occurrence | None) -> None:
    if found:
        told = {"tenant": found.tenant_id, "schedule": found.schedule_id, "at": found.at, "outcome": found.outcome}
        logger.info("schedule occurred", extra={**told, "reason": found.reason, "correlation_id": found.id})


def _plan(table: Table, scheduler: Scheduler, tenant: str, schedule_id: str) -> Schedule | None:
    """Have Scheduler plan what the row says, or nothing when nothing is due by it; returns the schedule.

    The row is read again afterwards: a consumer that planned an older version last plans once more.
    """
    key, name = schedule_keys.schedule(tenant, schedule_id), name_of(tenant, schedule_id)
    row = table.get(*key)
    while True:
        check_time(table.deadline)
        schedule = rows.from_item(row) if row else None
        plan = _plan_of(schedule) if schedule else None
        if plan is None:
            scheduler.delete(name)
        else:
            scheduler.put(name, plan)
        former, row = row, table.get(*key)
        if _version(row) == _version(former):
            return schedule


def _version(row: Mapping[str, Any] | None) -> str | None:
    return row["version"]["N"] if row else None


def _plan_of(schedule: Schedule) -> Plan | None:
    """Return what Scheduler is to send, and when; None when nothing is due any more, or for now."""
    now = clock.now()
    following = [] if schedule.deleted_at else schedule.upcoming(now, 1)
    if not following:
        return None
    kind, _ = timing.split(schedule.expression)
    # A rate counts from its start, which must not lie in the past: so it starts with its next occurrence.
    start = following[0] if kind == "rate" else schedule.starts_at
    return Plan(
        schedule.expression,
        schedule.time_zone,
        {"of": "schedules", "tenant": schedule.tenant_id, "schedule": schedule.id, "at": SCHEDULED_TIME},
        start=clock.milliseconds(start) // 1000 if start > now else None,
        # Nothing is sent at the end itself, or after it; the last occurrence may be due at that very moment.
        end=clock.milliseconds(schedule.ends_at) // 1000 + 60 if schedule.ends_at else None,
    )
