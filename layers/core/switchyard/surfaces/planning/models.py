"""Wire models of the planning surface (contract: planning.md). Field names are camelCase on the wire.

An absent field keeps its value, an empty string clears it, null is refused.
"""

from typing import Annotated, Any, Literal

from switchyard.domain import clock
from switchyard.domain.lifecycle import GOAL_STATUSES, PRIORITIES, TASK_STATUSES
from switchyard.domain.tracks import DEPENDS_MAX, ID_MAX, PROJECTS_MAX
from switchyard.http.models import Field, Model, Rule
from switchyard.http.validation import Expectation, read_id
from switchyard.surfaces.inputs import (
    ABSENT,
    ID,
    CamelBody,
    CamelQuery,
    Cursor,
    Description,
    Distinct,
    Instant,
    Limit,
    Moment,
    Name,
    NonEmptyName,
    Title,
    TrackId,
    Whole,
)

PAGE_SIZE = 20
PAGES_MAX = 50
_FILTER_VALUES_MAX = 20


def _day_or_empty(text: str) -> str:
    return _day(text) if text else text


def _day(text: str) -> str:
    try:
        return clock.calendar_day(text)
    except clock.NoMoment as error:
        raise Expectation(f"{text[:40]!r} {error}", error.expected, "date") from None
    except ValueError:
        raise Expectation(f"{text[:40]!r} is not a valid date", "a real date YYYY-MM-DD", "date") from None


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
DescribedMoment = Annotated[Moment, Field(description="ISO 8601 date or date-time")]
ClearableUuid = Annotated[str, Rule(_uuid_or_empty, {"pattern": f"^({ID})?$"})]
TaskStatus = Annotated[str, _one_of((*TASK_STATUSES, ""))]
GoalStatus = Annotated[str, _one_of(GOAL_STATUSES)]
Priority = Annotated[str, _one_of((*PRIORITIES, ""))]


class SharedWith(CamelBody):
    user_ids: Annotated[list[Name], Field(max_length=0)] = []
    emails: Annotated[list[Name], Field(max_length=0)] = []


def _refuse_personal_projects(kind: str, ids: list[str]) -> None:
    if kind == "personal" and ids:
        raise Expectation("is personal and names projects", "no ids, or the type projects", "conflict")


class Scope(CamelBody):
    """`personal`: the creator's alone. `projects`: the tenant's, in the projects named; `[]` for none."""

    type: Literal["personal", "projects"]
    ids: Annotated[list[NonEmptyName], Field(max_length=PROJECTS_MAX), Distinct] = []
    shared_with: SharedWith = ABSENT

    def model_post_init(self, _context: Any) -> None:
        if self.type == "projects" and "ids" not in self.model_fields_set:
            raise Expectation("names no project", "scope.ids, which is [] for a track of no project", "required")
        _refuse_personal_projects(self.type, self.ids)


class Related(CamelBody):
    """A resource of another system. An empty `type` and `id` clear it."""

    type: Annotated[str, Field(max_length=64, pattern=r"^([a-z][a-z0-9_]*)?$")]
    id: Name

    def model_post_init(self, _context: Any) -> None:
        if bool(self.type) != bool(self.id):
            raise Expectation("has only one of type and id", "both, or both empty to clear", "incomplete")


class TaskFields(CamelBody):
    status: TaskStatus = ""
    due_date: ClearableDay = ""
    assignee: Name = ""
    assignee_type: Literal["user", "agent", ""] = ""
    parent_id: ClearableUuid = ""
    depends_on: Annotated[list[TrackId], Field(max_length=DEPENDS_MAX), Distinct] = []
    goal_id: ClearableUuid = ""
    requires_approval: Literal["start", "completion", ""] = ""


class GoalFields(CamelBody):
    """A goal's parent and what it depends on are goals: an order to plan by, which holds no task up."""

    status: GoalStatus = ABSENT
    due_date: ClearableDay = ""
    progress: Annotated[int, Field(ge=0, le=100), Whole] = ABSENT
    parent_id: ClearableUuid = ""
    depends_on: Annotated[list[TrackId], Field(max_length=DEPENDS_MAX), Distinct] = []


class Common(CamelBody):
    """What tasks and goals share beyond the contract."""

    description: Description = ""
    priority: Priority = ""
    related_resource: Related = ABSENT
    metadata: dict[str, Any] = {}
    #: What another system calls the track: unique in the tenant, set once.
    external_id: NonEmptyName = ABSENT


class Past(CamelBody):
    """When a track that comes from another system was created and completed there; with the scope tasks:history."""

    created_at: Instant = ABSENT
    completed_at: Instant = ABSENT


class CreateTrack(Common, Past):
    type: Literal["task", "goal"]
    title: Title
    scope: Scope
    task: TaskFields = ABSENT
    goal: GoalFields = ABSENT

    def model_post_init(self, _context: Any) -> None:
        other = "goal" if self.type == "task" else "task"
        if getattr(self, other) is not None:
            raise Expectation(f"a {self.type} has no {other} object", f"only {self.type}", "conflict")


def refuse_both(task: TaskFields | None, goal: GoalFields | None) -> None:
    if task is not None and goal is not None:
        raise Expectation("has both task and goal", "the one that fits the track's type", "conflict")


class UpdateTrack(Common):
    title: Title = ABSENT
    scope: Scope = ABSENT
    task: TaskFields = ABSENT
    goal: GoalFields = ABSENT

    def model_post_init(self, _context: Any) -> None:
        refuse_both(self.task, self.goal)


_Statuses = Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=_FILTER_VALUES_MAX)]
_Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=ID_MAX)]], Field(max_length=_FILTER_VALUES_MAX)]
_Uuids = Annotated[list[TrackId], Field(max_length=_FILTER_VALUES_MAX)]


class Filters(Model):
    """What search and list filter by."""

    status: _Statuses = []
    assignee: _Names = []
    goal_id: _Uuids = []
    parent_id: _Uuids = []
    depends_on: _Uuids = []
    progress_min: Annotated[int, Field(ge=0, le=100), Whole] = ABSENT
    progress_max: Annotated[int, Field(ge=0, le=100), Whole] = ABSENT
    due_date_from: Day = ABSENT
    due_date_to: Day = ABSENT
    updated_at_from: DescribedMoment = ABSENT
    updated_at_to: DescribedMoment = ABSENT


class Filter(Filters, CamelBody):
    """`assignee`, `goalId`, `parentId` and `dependsOn` are for tasks, progress is for goals, the rest for both."""


class SearchScope(CamelBody):
    """Where to look: one's personal tracks, or the tracks of projects (no ids: of all)."""

    type: Literal["personal", "projects"]
    ids: Annotated[list[NonEmptyName], Field(max_length=_FILTER_VALUES_MAX)] = []

    def model_post_init(self, _context: Any) -> None:
        _refuse_personal_projects(self.type, self.ids)


class SearchTracks(CamelBody):
    type: Literal["task", "goal"]
    query: Annotated[str, Field(max_length=200)] = ""
    filter: Filter = Filter.model_construct()
    scopes: Annotated[list[SearchScope], Field(max_length=10)] = []
    page: Annotated[int, Field(ge=1, le=PAGES_MAX), Whole] = 1
    cursor: Cursor = ABSENT
    search_mode: Literal["keyword", "semantic"] = "keyword"


class ListTracks(Filters, CamelQuery):
    """The search as query parameters: lists repeat or are separated by commas."""

    type: Literal["task", "goal"] = "task"
    query: Annotated[str, Field(max_length=200)] = ""
    scope: Literal["personal", "projects", "all"] = "all"
    project_id: Annotated[list[NonEmptyName], Field(max_length=_FILTER_VALUES_MAX)] = []
    external_id: _Names = []
    limit: Limit = 50
    cursor: Cursor = ABSENT
