"""Occurrences of schedules: what is begun at an instant, once, however often the instant is told.

What is begun, the occurrence's row and the schedule's are one conditional write. So of all who are told of the same
instant one begins something, and two instants never begin something at the same moment: whether the work of one is
still under way is known to the other.
"""

from switchyard.domain import clock, schedules
from switchyard.domain.errors import Busy, NotFound, SwitchyardError
from switchyard.domain.goal_runs import GoalRun
from switchyard.domain.schedules import Occurrence, Schedule
from switchyard.domain.tracks import Track
from switchyard.ledger import scheduled_work
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import contention, schedule_keys
from switchyard.store import schedules as rows
from switchyard.store.table import Table

Found = tuple[Schedule | None, Occurrence | None]


def begin(table: Table, tenant_id: str, schedule_id: str, at: str) -> Occurrence | None:
    """Decide the occurrence of a schedule at an instant; None when there is nothing to decide, or it is decided.

    1 round trip to read where it is decided; else those of what is begun too, and 1 to write. Raises Busy.
    """
    for _ in contention.a_few_times():
        schedule, former = _read(table, tenant_id, schedule_id, at)
        if schedule is None or former is not None or schedule.paused:
            return None
        if schedule.ends_at is not None and at > schedule.ends_at:
            return None
        try:
            return _decide(table, schedule, at)
        except Stale:
            continue
    raise Busy(f"The schedule {schedule_id} kept changing.")


def go_on(table: Table, tenant_id: str, schedule_id: str) -> Occurrence | None:
    """Begin the occurrence that waits, if what it waits for is over; None when there is nothing to do. Raises Busy."""
    for _ in contention.a_few_times():
        schedule, _ = _read(table, tenant_id, schedule_id, "")
        if schedule is None or schedule.waiting_at is None:
            return None
        schedule, former = _read(table, tenant_id, schedule_id, schedule.waiting_at)
        if schedule is None or former is None or former.outcome != "waiting":
            return None
        unit = _unit(table, schedule, former.at)
        try:
            if schedule.paused:
                skipped = schedules.occurrence(schedule, former.at, "skipped", "The schedule was paused meanwhile.")
                return _note(unit, schedule, skipped, former)
            if _under_way(unit, schedule):
                return None
            return _begin(unit, schedule, former.at, former)
        except Stale:
            continue
    raise Busy(f"The schedule {schedule_id} kept changing.")


def _read(table: Table, tenant_id: str, schedule_id: str, at: str) -> Found:
    keys = schedule_keys.schedule(tenant_id, schedule_id), schedule_keys.occurrence(tenant_id, schedule_id, at)
    found = table.get_many(keys)
    row, former = (found.get(each) for each in keys)
    schedule = rows.from_item(row) if row else None
    if schedule is not None and schedule.deleted_at:
        schedule = None
    return schedule, rows.occurrence_from(former) if former else None


def _unit(table: Table, schedule: Schedule, at: str) -> Unit:
    return Unit(table, schedule.actor, schedules.occurrence_id(schedule, at))


def _decide(table: Table, schedule: Schedule, at: str) -> Occurrence:
    """Decide an occurrence and write what follows. Raises Stale when someone else changed a row meanwhile."""
    unit = _unit(table, schedule, at)
    if missed := schedules.missed(schedule, at, clock.now()):
        return _note(unit, schedule, schedules.occurrence(schedule, at, "skipped", missed))
    if schedule.overlap != "allow" and (other := _under_way(unit, schedule)):
        found = schedules.overlapping(schedule, at)
        if found.outcome == "waiting":
            unit.write(rows.await_end(schedule, other))
        return _note(unit, schedule, found)
    return _begin(unit, schedule, at)


def _under_way(unit: Unit, schedule: Schedule) -> Track | GoalRun | None:
    """Return what is under way; None when its track is gone, which beginning the occurrence then reports."""
    try:
        return scheduled_work.under_way(unit, schedule)
    except NotFound:
        return None


def _begin(unit: Unit, schedule: Schedule, at: str, former: Occurrence | None = None) -> Occurrence:
    """Begin what the schedule does. What is refused is noted: it does not go, now or later."""
    try:
        begun = scheduled_work.begin(unit, schedule, at)
        return _note(unit, schedule, schedules.occurrence(schedule, at, "begun", **begun), former)
    except Busy:
        raise
    except SwitchyardError as refused:
        failed = schedules.occurrence(schedule, at, "failed", refused.detail)
        return _note(_unit(unit.table, schedule, at), schedule, failed, former)


def _note(unit: Unit, schedule: Schedule, found: Occurrence, former: Occurrence | None = None) -> Occurrence:
    unit.write(rows.note(found, former), rows.update(schedule, schedules.followed(schedule, found)))
    unit.commit(200, {}, "")
    return found
