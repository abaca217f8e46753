"""Verbs of schedules: each takes the unit of work of the request, and gathers there what it changes."""

from typing import Any

from switchyard.domain import clock, schedules, timing
from switchyard.domain.cron import BadExpression
from switchyard.domain.errors import FieldError, Invalid, NotFound
from switchyard.domain.schedules import Schedule
from switchyard.ledger.unit import Unit
from switchyard.store import schedule_keys
from switchyard.store import schedules as rows


def find(unit: Unit, schedule_id: str) -> Schedule:
    """Read a visible schedule: 1 round trip. Raises NotFound."""
    row = unit.row(schedule_keys.schedule(unit.actor.tenant_id, schedule_id))
    found = rows.from_item(row) if row else None
    if found is None or not found.visible_to(unit.actor):
        raise NotFound(f"There is no schedule with the id {schedule_id}.")
    return found


def create(unit: Unit, **fields: Any) -> Schedule:
    """Gather a new schedule (1 query; 1 read where it names a track). Raises TooManySchedules, NotFound and Invalid."""
    tenant, most = unit.actor.tenant_id, schedules.SCHEDULES_MAX
    if rows.count(unit.table, tenant, most) >= most:
        raise schedules.TooManySchedules(f"The workspace has {most} schedules: delete one of them first.")
    made = schedules.create(unit.actor, unit.request_id, **fields, **_owner(unit, fields))
    _check(made, is_due=True)
    unit.write(rows.put(made))
    return made


def change(unit: Unit, before: Schedule, **fields: Any) -> Schedule:
    """Gather a change of a schedule that was read; returns it as it will be. Raises NotFound and Invalid."""
    if "does" in fields:
        fields |= _owner(unit, fields)
    after = schedules.change(before, unit.actor, unit.request_id, **fields)
    if after is before:
        return before
    # What is over stays as it is while it is paused; a new timing is looked at whether or not it is due for now.
    _check(after, is_due=not after.paused or after.timing != before.timing)
    unit.write(rows.update(before, after))
    return after


def delete(unit: Unit, before: Schedule) -> None:
    """Gather the end of a schedule that was read: nothing begins by it any more."""
    unit.write(rows.update(before, schedules.delete(before, unit.actor, unit.request_id)))


def _check(schedule: Schedule, *, is_due: bool) -> None:
    """Raise Invalid for fields that each are right, but not beside each other, and for what is not due as it may be.

    `is_due`: whether the schedule has to be due again, and not too often.
    """
    faults = []
    if schedule.does == "run_goal" and schedule.overlap == "allow":
        faults.append(FieldError("overlap", "is allow for a goal, which has one run at a time", "skip or queue"))
    if schedule.ends_at is not None and schedule.ends_at <= schedule.starts_at:
        faults.append(FieldError("endsAt", "is not after the start", f"a time after {schedule.starts_at}"))
    elif is_due:
        try:
            timing.check(schedule.timing, clock.now())
        except BadExpression as problem:
            faults.append(FieldError("expression", str(problem), problem.expected, "expression"))
    if faults:
        raise Invalid(*faults)


def _owner(unit: Unit, fields: dict[str, Any]) -> dict[str, Any]:
    """Return whose the schedule is alone: of a personal track. Raises NotFound for a target that is not there."""
    if fields["does"] == "create_task":
        return {"owner": fields["template"].get("owner")}
    return {"owner": unit.get(fields["target_id"], "task" if fields["does"] == "run_task" else "goal").owner}
