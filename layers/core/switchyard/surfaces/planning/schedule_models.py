"""Wire models of schedules (docs/schedules.md)."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from switchyard.domain import timing
from switchyard.domain.cron import BadExpression
from switchyard.domain.goal_runs import PARALLEL_DEFAULT, PARALLEL_MAX, OnFailure
from switchyard.domain.schedules import NAME_MAX, CatchUp, Does, Outcome, Overlap
from switchyard.domain.tracks import METADATA_MAX_BYTES
from switchyard.http.models import AfterValidator, Field
from switchyard.http.validation import Expectation
from switchyard.surfaces.inputs import (
    ABSENT,
    CamelBody,
    CamelQuery,
    Cursor,
    Description,
    Instant,
    Limit,
    Name,
    NotBlank,
    OneLine,
    Title,
    TrackId,
    Whole,
    bounded,
)
from switchyard.surfaces.outputs import CamelShown
from switchyard.surfaces.planning.models import ClearableInstant, ClearableUuid, Priority, Scope


def _timed(read: Callable[[str], str]) -> AfterValidator:
    """Read a text as it is kept, with the body, so that all that is wrong with it is told at once."""

    def checked(text: str) -> str:
        try:
            return read(text)
        except BadExpression as problem:
            raise Expectation(str(problem), problem.expected, "expression") from None

    return AfterValidator(checked)


def _expression(text: str) -> str:
    written = timing.written(text)
    timing.check_form(written)
    return written


def _zone(name: str) -> str:
    timing.zone(name)
    return name


_ScheduleName = Annotated[str, Field(min_length=1, max_length=NAME_MAX), NotBlank, OneLine]
_Expression = Annotated[str, Field(min_length=1, max_length=256), OneLine, _timed(_expression)]
_Zone = Annotated[str, Field(min_length=1, max_length=50), OneLine, _timed(_zone)]
#: What an occurrence may begin, on the wire.
_BEGINS = ("createTask", "runTask", "runGoal")


class NewTask(CamelBody):
    """The task that an occurrence creates."""

    title: Title  #: What is to be done, in one line.
    scope: Scope  #: Who can see it.
    description: Description = ""  #: What is to be done, at length.
    priority: Priority = ""  #: How urgent it is; empty is `medium`.
    assignee: Name = ""  #: Id of the person or agent who is to do it; empty for nobody.
    #: Whether the assignee is a person or an agent; an id that begins with `agent_` is an agent's all the same.
    assignee_type: Literal["user", "agent", ""] = ""
    parent_id: ClearableUuid = ""  #: UUID of the task that it is a part of; empty for none.
    goal_id: ClearableUuid = ""  #: UUID of the goal that it works towards; empty for none.
    #: What a person must approve: the start of each of its runs, or its completion; empty for nothing.
    requires_approval: Literal["start", "completion", ""] = ""
    metadata: Annotated[dict[str, Any], bounded(METADATA_MAX_BYTES)] = {}  #: Any JSON object of at most 32 KB.
    #: The day it is due, in days after the local day of the occurrence; left out for none.
    due_in_days: Annotated[int, Field(ge=0, le=3_650), Whole] = ABSENT


class TaskToRun(CamelBody):
    """The task that an occurrence starts a run of; one that is done is opened again."""

    id: TrackId  #: UUID of the task.
    agent: Name = ""  #: Id of the agent that is to run it; empty for the task's assignee.


class GoalToRun(CamelBody):
    """The goal that an occurrence runs; it and its tasks that are done are opened again."""

    id: TrackId  #: UUID of the goal.
    #: How many of its tasks run at the same time at most.
    max_parallel: Annotated[int, Field(ge=1, le=PARALLEL_MAX), Whole] = PARALLEL_DEFAULT
    on_failure: OnFailure = "stop"  #: Whether a task that fails ends the goal run.


class _Begins(CamelBody):
    """What each occurrence begins: one of the three."""

    create_task: NewTask = ABSENT  #: Have each occurrence create a task.
    run_task: TaskToRun = ABSENT  #: Have each occurrence start a run of a task.
    run_goal: GoalToRun = ABSENT  #: Have each occurrence run a goal.

    @property
    def begins(self) -> "list[tuple[Does, NewTask | TaskToRun | GoalToRun]]":
        """What the request says of what to begin, by the domain's word for it."""
        given = (("create_task", self.create_task), ("run_task", self.run_task), ("run_goal", self.run_goal))
        return [(name, each) for name, each in given if each is not None]  # type: ignore[misc]


class CreateSchedule(_Begins):
    model_config = {"json_schema_extra": {"anyOf": [{"required": [each]} for each in _BEGINS]}}

    name: _ScheduleName  #: What the schedule is called; 200 characters at most.
    #: When it is due: `cron(…)` of six fields, five fields of cron, `rate(…)` or `at(…)`.
    expression: _Expression
    time_zone: _Zone = "UTC"  #: Name in the IANA database by which the expression is read.
    starts_at: Instant = ABSENT  #: Nothing is due before; the first occurrence of a rate.
    ends_at: ClearableInstant = ""  #: Nothing is due after it; empty for no end.
    overlap: Overlap = "skip"  #: What becomes of an occurrence while what began before is under way.
    catch_up: CatchUp = "skip"  #: Whether missed occurrences are left out, or made up for by one.
    paused: bool = False  #: Whether nothing begins by it for now.

    def model_post_init(self, _context: Any) -> None:
        if len(self.begins) != 1:
            raise Expectation(f"says {len(self.begins)} things to begin", f"one of {', '.join(_BEGINS)}", "conflict")


class UpdateSchedule(_Begins):
    """Absent fields keep their values."""

    name: _ScheduleName = ABSENT  #: What the schedule is called; 200 characters at most.
    #: When it is due: `cron(…)` of six fields, five fields of cron, `rate(…)` or `at(…)`.
    expression: _Expression = ABSENT
    time_zone: _Zone = ABSENT  #: Name in the IANA database by which the expression is read.
    starts_at: Instant = ABSENT  #: Nothing is due before; the first occurrence of a rate.
    ends_at: ClearableInstant = ABSENT  #: Nothing is due after it; empty for no end.
    overlap: Overlap = ABSENT  #: What becomes of an occurrence while what began before is under way.
    catch_up: CatchUp = ABSENT  #: Whether missed occurrences are left out, or made up for by one.
    paused: bool = ABSENT  #: Whether nothing begins by it for now.

    def model_post_init(self, _context: Any) -> None:
        if len(self.begins) > 1:
            raise Expectation(f"says {len(self.begins)} things to begin", f"one of {', '.join(_BEGINS)}", "conflict")


class ListOccurrences(CamelQuery):
    limit: Limit = 50  #: How many occurrences a page has at most.
    cursor: Cursor = ABSENT  #: Where the page begins, as the page before it said.


class OccurrenceShown(CamelShown):
    """What became of a schedule at one instant."""

    at: str  #: When it was due: an instant in UTC.
    #: Whether it began something, waits for what is under way, was left out, or could not begin anything.
    outcome: Outcome
    reason: str | None  #: Why nothing began; null when something did.
    track: str | None  #: UUID of the task or goal that was begun; null for none.
    run: str | None  #: UUID of the run or goal run that was started; null for none.
    decided_at: str  #: When that was decided: an instant in UTC.


class OccurrencePage(CamelShown):
    """A page of a schedule's occurrences."""

    items: list[OccurrenceShown]  #: The occurrences, newest first.
    next_cursor: str | None  #: Where the next page begins; null at the end.


class NewTaskShown(CamelShown):
    title: str  #: What is to be done, in one line.
    scope: dict[str, Any]  #: Who can see it.
    description: str  #: What is to be done, at length.
    priority: str  #: How urgent it is.
    assignee: str | None  #: Id of the person or agent who is to do it; null for nobody.
    assignee_type: str | None  #: Whether the assignee is a person or an agent; null for nobody.
    parent_id: str | None  #: UUID of the task that it is a part of; null for none.
    goal_id: str | None  #: UUID of the goal that it works towards; null for none.
    requires_approval: str | None  #: What a person must approve; null for nothing.
    metadata: dict[str, Any]  #: The client's JSON object.
    due_in_days: int | None  #: Days from the occurrence until it is due; null for no due date.


class TaskToRunShown(CamelShown):
    id: str  #: UUID of the task.
    agent: str | None  #: Id of the agent that is to run it; null for the task's assignee.


class GoalToRunShown(CamelShown):
    id: str  #: UUID of the goal.
    max_parallel: int  #: How many of its tasks run at the same time at most.
    on_failure: OnFailure  #: Whether a task that fails ends the goal run.


class ScheduleShown(CamelShown):
    id: str  #: The schedule's UUID.
    name: str  #: What it is called.
    expression: str  #: When it is due, as EventBridge Scheduler has it.
    time_zone: str  #: Name of the time zone by which the expression is read.
    starts_at: str  #: Nothing is due before; the first occurrence of a rate.
    ends_at: str | None  #: Nothing is due after it; null for no end.
    create_task: NewTaskShown | None  #: The task that each occurrence creates; null for none.
    run_task: TaskToRunShown | None  #: The task that each occurrence starts a run of; null for none.
    run_goal: GoalToRunShown | None  #: The goal that each occurrence runs; null for none.
    overlap: Overlap  #: What becomes of an occurrence while what the one before began is under way.
    catch_up: CatchUp  #: Whether missed occurrences are left out, or made up for by one.
    paused: bool  #: Whether nothing begins by it for now.
    upcoming: list[str]  #: When it is due next, at most five instants in UTC; empty while it is paused, and at its end.
    last_at: str | None  #: The latest occurrence that began something; null for none.
    last_track: str | None  #: UUID of the task or goal that it began; null for none.
    acts_as: str  #: Id of the actor in whose name it acts: the one that changed it last.
    version: int  #: Grows with each change.
    created_by: str  #: Id of the actor who created it.
    created_at: str  #: When it was created: an instant in UTC.
    updated_at: str  #: When it was last changed: an instant in UTC.


class SchedulePage(CamelShown):
    """A page of schedules."""

    items: list[ScheduleShown]  #: The schedules, newest first.
    next_cursor: str | None  #: Where the next page begins; null at the end.
