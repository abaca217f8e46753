"""What follows from a change of a schedule, and from an occurrence: entries of the trail and domain events."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from switchyard.domain import audit
from switchyard.domain.actors import SERVICE
from switchyard.domain.audit import Entry
from switchyard.domain.changes import Action
from switchyard.domain.schedules import COMPARED, Occurrence, Schedule
from switchyard.pipeline.domain_events import DomainEvent, origin, sealed
from switchyard.store import schedule_keys, schedules

#: The plain fields of a schedule by their names in events. What a task is made of is read there.
_SHOWN = {
    "id": "id",
    "name": "name",
    "expression": "expression",
    "time_zone": "timeZone",
    "does": "does",
    "target_id": "target",
    "overlap": "overlap",
    "catch_up": "catchUp",
    "paused": "paused",
    "version": "version",
}


class ScheduleChange(NamedTuple):
    """One version of a schedule turned into the next; `before` is None for a new one."""

    before: Schedule | None
    after: Schedule

    @property
    def action(self) -> Action:
        return "deleted" if self.after.deleted_at else "updated" if self.before else "created"


def read(sort: str, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> ScheduleChange | Occurrence | None:
    """Return the change of a schedule, or what became of an occurrence; None for a row that says nothing new."""
    if sort.startswith(schedule_keys.OCCURRENCE):
        return schedules.occurrence_from(new) if old is None or old["outcome"] != new["outcome"] else None
    before, after = schedules.from_item(old) if old else None, schedules.from_item(new)
    if before and all(getattr(before, each) == getattr(after, each) for each in (*COMPARED, "deleted_at")):
        return None
    return ScheduleChange(before, after)


def entry_of(change: ScheduleChange) -> Entry:
    """Return the entry of a schedule's change in the trail: under its own id, with the fields that differ."""
    return audit.entry_of_schedule(change.before, change.after, change.action, COMPARED)


def events_of(happened: ScheduleChange | Occurrence) -> list[DomainEvent]:
    """Return the event of a schedule's change, or of an occurrence that was decided."""
    if isinstance(happened, Occurrence):
        return [_occurred(happened)]
    after = happened.after
    shown: dict[str, Any] = {wire: getattr(after, name) for name, wire in _SHOWN.items()}
    about = f"{after.tenant_id}#{after.id}#{after.version}"
    common: dict[str, Any] = {**origin(after, after), "previousStatus": None, "schedule": shown, "omitted": []}
    return [sealed(f"schedule.{happened.action}", about, after.version, common)]


def _occurred(found: Occurrence) -> DomainEvent:
    shown = {"at": found.at, "outcome": found.outcome, "reason": found.reason}
    shown |= {"track": found.track_id, "run": found.run_id}
    # One that waited is told of twice.
    sequence = 1 if found.outcome == "waiting" else 2
    common = {
        "time": found.decided_at,
        "sequence": sequence,
        "tenantId": found.tenant_id,
        "owner": found.owner,
        "actor": {"id": SERVICE, "kind": "agent", "source": "schedule"},
        "requestId": found.id,
        "previousStatus": None,
        "schedule": {"id": found.schedule_id},
        "occurrence": shown,
        "omitted": [],
    }
    about = f"{found.tenant_id}#{found.id}#{found.outcome}"
    return sealed("schedule.occurred", about, sequence, common)
