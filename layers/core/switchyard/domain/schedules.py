"""Schedules: work that begins by itself, again and again (docs/schedules.md)."""

from collections.abc import Mapping
from typing import Any, Literal

from switchyard.domain import clock, ids, timing
from switchyard.domain.actors import Actor, ActorKind
from switchyard.domain.errors import Conflict
from switchyard.domain.structs import Struct, replace
from switchyard.domain.timing import Timing

Does = Literal["create_task", "run_task", "run_goal"]
Overlap = Literal["skip", "queue", "allow"]
CatchUp = Literal["skip", "once"]
Outcome = Literal["begun", "waiting", "skipped", "failed"]

#: Schedules of one tenant: an account has a million of them in a region.
#: https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html
SCHEDULES_MAX = 200
NAME_MAX = 200
#: Seconds after which an occurrence counts as missed: Scheduler itself is exact to the minute, and tries again.
LATE_SECONDS = 900
REASON_MAX = 500
#: What a change of a schedule is compared by.
COMPARED = (
    "name",
    "expression",
    "time_zone",
    "starts_at",
    "ends_at",
    "does",
    "target_id",
    "template",
    "settings",
    "overlap",
    "catch_up",
    "paused",
)


class TooManySchedules(Conflict):
    """The tenant has as many schedules as it may."""

    code, title = "too_many_schedules", "Too many schedules"


class Schedule(Struct, kw_only=True):
    """One schedule. Times are instants of domain.clock, `expression` and `time_zone` those of domain.timing.

    `does` says what an occurrence begins: a task made of `template` (fields of a Track), a run of the task `target_id`,
    or a goal run of that goal, with `settings`. It acts in the name of the actor that changed the schedule last, so
    that nobody can do more by a schedule than by themselves. `owner` is that of a personal track. `last_at`,
    `last_track_id` and `last_run_id` are the latest occurrence that began and what it began, `waiting_at` the one that
    waits for its end, and `occurred` counts occurrences; these move without a new version. `paused_at` is since when it
    is paused, and `missed_since` since when it was, while occurrences missed since then are to be made up for.
    """

    tenant_id: str
    id: str
    name: str
    expression: str
    time_zone: str = "UTC"
    starts_at: str
    ends_at: str | None = None
    does: Does
    target_id: str | None = None
    template: Mapping[str, Any] = {}
    settings: Mapping[str, Any] = {}
    overlap: Overlap = "skip"
    catch_up: CatchUp = "skip"
    paused: bool = False
    paused_at: str | None = None
    missed_since: str | None = None
    owner: str | None = None
    last_at: str | None = None
    last_track_id: str | None = None
    last_run_id: str | None = None
    waiting_at: str | None = None
    occurred: int = 0
    version: int = 1
    created_by: str
    created_at: str
    updated_at: str
    deleted_at: str | None = None
    changed_by: str
    changed_by_kind: ActorKind
    changed_by_name: str | None = None
    changed_by_number: int | None = None
    changed_source: str
    changed_request: str
    changed_operation: str | None = None

    @property
    def timing(self) -> Timing:
        return Timing(self.expression, self.time_zone, self.starts_at, self.ends_at)

    @property
    def actor(self) -> Actor:
        """Return in whose name an occurrence acts."""
        number, name = self.changed_by_number or 0, self.changed_by_name or ""
        return Actor(self.tenant_id, self.changed_by, self.changed_by_kind, frozenset(), "", name, "schedule", number)

    def visible_to(self, actor: Actor) -> bool:
        """Return whether the actor may know of this schedule."""
        return self.tenant_id == actor.tenant_id and not self.deleted_at and self.owner in (None, actor.id)

    def upcoming(self, now: str, count: int) -> list[str]:
        """Return when it is due next; nothing while it is paused."""
        return [] if self.paused else self.timing.next(now, count)


class Occurrence(Struct, kw_only=True):
    """What became of a schedule at one instant `at`, decided `decided_at`. `id` names it as a request.

    `track_id` is the task or goal that was begun, `run_id` its run or goal run. `reason` says why nothing was.
    """

    tenant_id: str
    schedule_id: str
    at: str
    id: str
    outcome: Outcome
    reason: str | None = None
    track_id: str | None = None
    run_id: str | None = None
    decided_at: str
    owner: str | None = None


def create(actor: Actor, request_id: str, **fields: Any) -> Schedule:
    """Return a new schedule of the actor's tenant; `fields` are those of Schedule that say what is due, and when."""
    now = clock.now()
    if "starts_at" not in fields:
        fields["starts_at"] = _start(fields["expression"], now)
    return Schedule(
        tenant_id=actor.tenant_id,
        id=ids.new_id(),
        created_by=actor.id,
        created_at=now,
        updated_at=now,
        paused_at=now if fields.get("paused") else None,
        **_stamp(actor, request_id),
        **fields,
    )


def change(schedule: Schedule, actor: Actor, request_id: str, **fields: Any) -> Schedule:
    """Return the schedule with the fields changed: the next version, or the same object when nothing differs."""
    if all(getattr(schedule, name) == value for name, value in fields.items()):
        return schedule
    now = max(clock.now(), schedule.updated_at)
    if "expression" in fields and "starts_at" not in fields:
        fields["starts_at"] = _start(fields["expression"], now)
    if fields.get("paused", schedule.paused) != schedule.paused:
        fields["paused_at"] = now if fields["paused"] else None
        fields["missed_since"] = schedule.paused_at
    return replace(schedule, **fields, **_stamp(actor, request_id), version=schedule.version + 1, updated_at=now)


def delete(schedule: Schedule, actor: Actor, request_id: str) -> Schedule:
    """Return the tombstone of the schedule: invisible at once, kept for the trail until its expiry."""
    return change(schedule, actor, request_id, deleted_at=clock.now())


def _stamp(actor: Actor, request_id: str) -> dict[str, Any]:
    return {
        **actor.stamp(request_id),
        "changed_by_name": actor.name or None,
        "changed_by_number": actor.number or None,
    }


def _start(expression: str, now: str) -> str:
    """Return the start of a schedule that is given none, a whole minute: a rate begins an interval from now."""
    minute = f"{now[:16]}:00.000Z"
    kind, _ = timing.split(expression)
    return Timing(expression, "UTC", minute).next(minute, 1)[0] if kind == "rate" else minute


def occurrence_id(schedule: Schedule, at: str) -> str:
    """Return the one id of a schedule's occurrence: a UUIDv7 of its instant."""
    return ids.derived_id(clock.milliseconds(at), f"{schedule.tenant_id}#{schedule.id}#{at}")


def occurrence(schedule: Schedule, at: str, outcome: Outcome, reason: str | None = None, **begun: Any) -> Occurrence:
    """Return what became of an occurrence; `begun` are track_id and run_id."""
    return Occurrence(
        tenant_id=schedule.tenant_id,
        schedule_id=schedule.id,
        at=at,
        id=occurrence_id(schedule, at),
        outcome=outcome,
        reason=reason[:REASON_MAX] if reason else None,
        decided_at=clock.now(),
        owner=schedule.owner,
        **begun,
    )


def overlapping(schedule: Schedule, at: str) -> Occurrence:
    """Return what becomes of an occurrence while the one before is under way, as the schedule says."""
    under_way = f"What began at {schedule.last_at} is still under way."
    if schedule.overlap == "queue" and schedule.waiting_at is None:
        return occurrence(schedule, at, "waiting", under_way)
    waits = f" The occurrence of {schedule.waiting_at} waits for it." if schedule.waiting_at else ""
    return occurrence(schedule, at, "skipped", under_way + waits)


def followed(schedule: Schedule, found: Occurrence) -> Schedule:
    """Return the schedule after an occurrence: it counts, and what it began is what a later one may overlap with."""
    waiting = None if schedule.waiting_at == found.at else schedule.waiting_at
    waiting = found.at if found.outcome == "waiting" else waiting
    after = replace(schedule, occurred=schedule.occurred + 1, waiting_at=waiting)
    if found.outcome != "begun":
        return after
    return replace(after, last_at=found.at, last_track_id=found.track_id, last_run_id=found.run_id)


def due_since(schedule: Schedule, now: str) -> str | None:
    """Return the latest occurrence that Scheduler cannot tell of, as it came before the schedule was planned there.

    It lies between the latest change and now, or was missed in the pause before and is to be made up for. None: none.
    """
    if schedule.paused or schedule.deleted_at:
        return None
    made_up_for = schedule.missed_since if schedule.catch_up == "once" else None
    return schedule.timing.latest(made_up_for or schedule.updated_at, now)


def missed(schedule: Schedule, at: str, now: str) -> str | None:
    """Return why an occurrence that comes late is left out (None: it is in time, or made up for)."""
    if clock.milliseconds(now) - clock.milliseconds(at) <= LATE_SECONDS * 1000:
        return None
    if schedule.catch_up == "skip":
        return "It came too late, and missed occurrences are skipped."
    if schedule.timing.latest(at, now):
        return "It came too late, and a later occurrence makes up for it."
    return None
