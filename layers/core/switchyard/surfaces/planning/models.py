"""Wire models of the planning surface (contract: planning.md). Field names are camelCase on the wire.

An absent field keeps its value, an empty string clears it, null is refused.
"""

import re
from typing import Annotated, Any, Literal

from switchyard.domain import clock
from switchyard.domain.lifecycle import GOAL_STATUSES, PRIORITIES, TASK_STATUSES
from switchyard.domain.text import LEAD, RECURRENCE, RECURRENCE_MAX
from switchyard.domain.tracks import DEPENDS_MAX, ID_MAX, PROJECTS_MAX
from switchyard.http.models import Field, Model, Rule
from switchyard.http.validation import Expectation, read_id
from switchyard.surfaces.inputs import (
    ABSENT,
    ID,
    CamelBody,
    CamelQuery,
    Cursor,
    DateOrInstant,
    Description,
    Distinct,
    Instant,
    Limit,
    Name,
    NonEmptyName,
    Title,
    TrackId,
    Trimmed,
    Whole,
    read_time,
)

PAGE_SIZE = 20
PAGES_MAX = 50
_FILTER_VALUES_MAX = 20


def _day_or_empty(text: str) -> str:
    return _day(text) if text else text


def _day(text: str) -> str:
    try:
        return clock.calendar_day(text)
    except clock.UnsupportedTime as error:
        raise Expectation(f"{text[:40]!r} {error}", error.expected, "date") from None
    except ValueError:
        raise Expectation(f"{text[:40]!r} is not a valid date", "a real date YYYY-MM-DD", "date") from None


def _instant_or_empty(text: str) -> str:
    return read_time(text, clock.instant) if text else text


def _recurrence_or_empty(text: str) -> str:
    # Imported here: few tasks repeat.
    from switchyard.domain import repeats

    if text and (problem := repeats.problem_of(text)):
        raise Expectation(problem, repeats.EXPECTED, "recurrence")
    return text


def _lead_or_empty(text: str) -> str:
    if text and not re.fullmatch(LEAD, text):
        raise Expectation(f"{text[:40]!r} is no duration", "how long before, such as P1D, PT2H or P1DT30M", "duration")
    return text


def _uuid_or_empty(text: str) -> str:
    return read_id(text) if text else text


def _one_of(words: tuple[str, ...]) -> Rule:
    def check(text: str) -> str:
        if text not in words:
            expected = "one of " + ", ".join(word or '""' for word in words)
            raise Expectation(f"{text[:40]!r} is unknown", expected, "unknown_value")
        return text

    return Rule(check, {"enum": [*words]})


Day = Annotated[str, Rule(_day, {"format": "date"})]
ClearableDay = Annotated[str, Rule(_day_or_empty, {"anyOf": [{"format": "date"}, {"maxLength": 0}]})]
ClearableInstant = Annotated[
    str,
    Field(max_length=40),
    Rule(_instant_or_empty, {"anyOf": [{"format": "date"}, {"format": "date-time"}, {"maxLength": 0}]}),
]
DescribedDateOrInstant = Annotated[DateOrInstant, Field(description="ISO 8601 date or date-time")]
ClearableUuid = Annotated[str, Rule(_uuid_or_empty, {"pattern": f"^({ID})?$"})]
Recurrence = Annotated[str, Rule(_recurrence_or_empty, {"pattern": f"^({RECURRENCE})?$", "maxLength": RECURRENCE_MAX})]
Lead = Annotated[str, Rule(_lead_or_empty, {"pattern": f"^({LEAD})?$"})]
TaskStatus = Annotated[str, _one_of((*TASK_STATUSES, ""))]
GoalStatus = Annotated[str, _one_of(GOAL_STATUSES)]
Priority = Annotated[str, _one_of((*PRIORITIES, ""))]


class SharedWith(CamelBody):
    user_ids: Annotated[list[Name], Field(max_length=0)] = []  #: Must be empty: tracks are shared through projects.
    emails: Annotated[list[Name], Field(max_length=0)] = []  #: Must be empty: tracks are shared through projects.


def _refuse_personal_projects(kind: str, ids: list[str]) -> None:
    if kind == "personal" and ids:
        raise Expectation("is personal and names projects", "no ids, or the type projects", "conflict")


class Scope(CamelBody):
    """`personal`: the creator's alone. `projects`: the tenant's, in the projects named; `[]` for none."""

    type: Literal["personal", "projects"]  #: Who can see the track: its creator alone, or everyone in the tenant.
    #: The projects that a shared track is in, the first one counting where a surface knows one; empty for a personal
    #: track.
    ids: Annotated[list[NonEmptyName], Field(max_length=PROJECTS_MAX), Distinct] = []
    shared_with: SharedWith = ABSENT  #: Taken because the contract has it.

    def model_post_init(self, _context: Any) -> None:
        if self.type == "projects" and "ids" not in self.model_fields_set:
            raise Expectation("names no project", "scope.ids, which is [] for a track of no project", "required")
        _refuse_personal_projects(self.type, self.ids)


class Related(CamelBody):
    """A resource of another system. An empty `type` and `id` clear it."""

    #: Kind of the other system's resource, such as `pull_request`; empty clears it.
    type: Annotated[str, Field(max_length=64, pattern=r"^([a-z][a-z0-9_]*)?$")]
    id: Name  #: Its id in the other system; empty clears it.

    def model_post_init(self, _context: Any) -> None:
        if bool(self.type) != bool(self.id):
            raise Expectation("has only one of type and id", "both, or both empty to clear", "incomplete")


class TaskFields(CamelBody):
    status: TaskStatus = ""  #: Where the work stands; empty for a task without a status.
    due_date: ClearableDay = ""  #: The day it is due; empty for none.
    assignee: Name = ""  #: Id of the person or agent who is to do it; empty for nobody.
    #: Whether the assignee is a person or an agent; an id that begins with `agent_` is an agent's all the same.
    assignee_type: Literal["user", "agent", ""] = ""
    parent_id: ClearableUuid = ""  #: UUID of the task that this one is a part of; empty for none.
    #: UUIDs of the tasks that must be done first; 50 at most.
    depends_on: Annotated[list[TrackId], Field(max_length=DEPENDS_MAX), Distinct] = []
    goal_id: ClearableUuid = ""  #: UUID of the goal that it works towards; empty for none.
    #: What a person must approve: the start of each of its runs, or its completion; empty for nothing.
    requires_approval: Literal["start", "completion", ""] = ""
    #: When a next task follows it, once it is done: a rule of RFC 5545 such as `FREQ=WEEKLY;BYDAY=MO`; empty for never.
    repeat: Recurrence = ""
    #: Whether the rule counts from the due date, or from the day it was done; empty is `due`.
    repeat_from: Literal["due", "done", ""] = ""
    #: How long before its due date somebody is reminded, such as `P1D` or `PT2H`; empty for nobody.
    remind: Lead = ""


class GoalFields(CamelBody):
    """A goal's parent and what it depends on are goals: an order to plan by, which holds no task up."""

    status: GoalStatus = ABSENT  #: Where the goal stands; follows its tasks unless a person sets it.
    due_date: ClearableDay = ""  #: The day it is due; empty for none.
    #: Percent done; follows its tasks unless a person sets it.
    progress: Annotated[int, Field(ge=0, le=100), Whole] = ABSENT
    parent_id: ClearableUuid = ""  #: UUID of the goal that this one is a part of; empty for none.
    #: UUIDs of the goals that come before it: an order to plan by, which holds nothing up.
    depends_on: Annotated[list[TrackId], Field(max_length=DEPENDS_MAX), Distinct] = []


class Common(CamelBody):
    """What tasks and goals share beyond the contract."""

    description: Description = ""  #: What is to be done, at length; empty clears it.
    priority: Priority = ""  #: How urgent it is; empty is `medium`.
    related_resource: Related = ABSENT  #: The resource of another system that the track is about.
    metadata: dict[str, Any] = {}  #: Any JSON object of the client's, of at most 32 KB; replaces what was there.
    external_id: NonEmptyName = ABSENT  #: What another system calls the track: unique in the tenant, set once.


class Past(CamelBody):
    """When a track that comes from another system was created and completed there; with the scope tasks:history."""

    #: When it was created in the system that it comes from; needs the scope tasks:history.
    created_at: Instant = ABSENT
    completed_at: Instant = ABSENT  #: When it was completed there, of one that is done; needs the scope tasks:history.


class CreateTrack(Common, Past):
    type: Literal["task", "goal"]  #: Whether to make a task or a goal.
    title: Title  #: What is to be done, in one line.
    scope: Scope  #: Who can see it.
    task: TaskFields = ABSENT  #: The fields that only a task has.
    goal: GoalFields = ABSENT  #: The fields that only a goal has.

    def model_post_init(self, _context: Any) -> None:
        other = "goal" if self.type == "task" else "task"
        if getattr(self, other) is not None:
            raise Expectation(f"a {self.type} has no {other} object", f"only {self.type}", "conflict", other)


def refuse_both(task: TaskFields | None, goal: GoalFields | None) -> None:
    if task is not None and goal is not None:
        raise Expectation("has both task and goal", "the one that fits the track's type", "conflict")


class UpdateTrack(Common):
    title: Title = ABSENT  #: What is to be done, in one line.
    scope: Scope = ABSENT  #: Who can see it; only its creator can make a shared track personal.
    task: TaskFields = ABSENT  #: The fields that only a task has; those left out stay.
    goal: GoalFields = ABSENT  #: The fields that only a goal has; those left out stay.

    def model_post_init(self, _context: Any) -> None:
        refuse_both(self.task, self.goal)


_Statuses = Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=_FILTER_VALUES_MAX)]
_Sought = Annotated[str, Field(min_length=1, max_length=ID_MAX), Trimmed]
_Names = Annotated[list[_Sought], Field(max_length=_FILTER_VALUES_MAX)]
_Uuids = Annotated[list[TrackId], Field(max_length=_FILTER_VALUES_MAX)]


class Filters(Model):
    """What search and list filter by."""

    status: _Statuses = []  #: Tracks with one of these statuses; `none` finds tasks without one.
    assignee: _Names = []  #: Tasks of one of these people or agents.
    goal_id: _Uuids = []  #: Tasks of one of these goals.
    parent_id: _Uuids = []  #: Tracks that are parts of one of these.
    depends_on: _Uuids = []  #: Tracks that depend on one of these.
    progress_min: Annotated[int, Field(ge=0, le=100), Whole] = ABSENT  #: Goals at least so far, in percent.
    progress_max: Annotated[int, Field(ge=0, le=100), Whole] = ABSENT  #: Goals at most so far, in percent.
    due_date_from: Day = ABSENT  #: Tracks due on this day or later; sorts by due date.
    due_date_to: Day = ABSENT  #: Tracks due on this day or earlier; sorts by due date.
    #: Tracks changed then or later: a date or a date-time (ISO 8601); sorts by last change.
    updated_at_from: DescribedDateOrInstant = ABSENT
    #: Tracks changed then or earlier: a date to its end (UTC), or a date-time; sorts by last change.
    updated_at_to: DescribedDateOrInstant = ABSENT


class Filter(Filters, CamelBody):
    """`assignee`, `goalId`, `parentId` and `dependsOn` are for tasks, progress is for goals, the rest for both."""


class SearchScope(CamelBody):
    """Where to look: one's personal tracks, or the tracks of projects (no ids: of all)."""

    type: Literal["personal", "projects"]  #: Whether to look at one's personal tracks or at shared ones.
    #: The projects to look in; empty for all of them.
    ids: Annotated[list[NonEmptyName], Field(max_length=_FILTER_VALUES_MAX)] = []

    def model_post_init(self, _context: Any) -> None:
        _refuse_personal_projects(self.type, self.ids)


class SearchTracks(CamelBody):
    type: Literal["task", "goal"]  #: Whether to look for tasks or for goals.
    #: Words that must all be in title or description, in any case; 40 at most.
    query: Annotated[str, Field(max_length=200)] = ""
    filter: Filter = Filter.model_construct()  #: What else must be true of a track.
    #: Where to look; empty for everywhere the caller may.
    scopes: Annotated[list[SearchScope], Field(max_length=10)] = []
    #: Which page to show, counted from 1; `cursor` leads further.
    page: Annotated[int, Field(ge=1, le=PAGES_MAX), Whole] = 1
    cursor: Cursor = ABSENT
    search_mode: Literal["keyword", "semantic"] = "keyword"  #: How to match; `semantic` is answered by keywords too.


class ListTracks(Filters, CamelQuery):
    """The search as query parameters: lists repeat or are separated by commas."""

    type: Literal["task", "goal"] = "task"  #: Whether to list tasks or goals.
    #: Words that must all be in title or description, in any case; 40 at most.
    query: Annotated[str, Field(max_length=200)] = ""
    #: Whether to list one's personal tracks, shared ones, or both.
    scope: Literal["personal", "projects", "all"] = "all"
    #: Tracks of one of these projects.
    project_id: Annotated[list[NonEmptyName], Field(max_length=_FILTER_VALUES_MAX)] = []
    external_id: _Names = []  #: The tracks that another system calls so; beside no other filter but `type`.
    limit: Limit = 50
    cursor: Cursor = ABSENT
