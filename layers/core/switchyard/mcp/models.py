"""Input and output of the tools. Descriptions are read by models: every agent pays for each word."""

from typing import Annotated, Any, Literal

from switchyard.domain.claims import LEASE_DEFAULT, LEASE_MAX
from switchyard.http.models import Field, Model, Wire
from switchyard.surfaces.followups.models import Key, Note
from switchyard.surfaces.followups.statuses import Resource, Source, Word
from switchyard.surfaces.inputs import (
    ABSENT,
    AnswerText,
    Choices,
    CommentText,
    Cursor,
    Instant,
    Limit,
    NonEmptyName,
    QuestionText,
)
from switchyard.surfaces.planning.draft_models import DRAFTS_MAX, Draft
from switchyard.surfaces.planning.models import Filter, Scope

TaskId = Annotated[str, Field(min_length=1, max_length=64)]


# ---------------------------------------------------------------- input


class GetTask(Wire):
    task_id: TaskId


class ListTasks(Wire):
    status: Word = ABSENT
    assignee_id: NonEmptyName = ABSENT
    limit: Limit = 50
    cursor: Cursor = ABSENT


class CompleteTask(Wire):
    task_id: TaskId
    completed_note: Note = ABSENT
    idempotency_key: Key = ABSENT


class UpdateTask(Wire):
    task_id: TaskId
    status: Word = ABSENT
    completed_note: Note = ABSENT
    idempotency_key: Key = ABSENT


class ClaimNextTask(Wire):
    priority: Literal["urgent", "high", "medium", "low"] = ABSENT
    project_id: NonEmptyName = ABSENT
    lease_seconds: Annotated[int, Field(ge=1, le=LEASE_MAX)] = LEASE_DEFAULT
    idempotency_key: Key = ABSENT


class Ask(Wire):
    """A question in the name of the caller's run of a task; without a text, its latest one as it stands."""

    task_id: TaskId
    text: QuestionText = ABSENT
    choices: Choices = []
    default: AnswerText = ABSENT
    deadline: Instant = ABSENT
    idempotency_key: Key = ABSENT


class Comment(Wire):
    """A comment to write, or (without a text) those to read: all, or those after one."""

    task_id: TaskId
    text: CommentText = ABSENT
    after: TaskId = ABSENT
    idempotency_key: Key = ABSENT


class PlanWork(Wire):
    """Bulk apply as the planning surface does it, without deletions. No scope: everyone in the tenant."""

    drafts: Annotated[list[Draft], Field(min_length=1, max_length=DRAFTS_MAX)]
    scope: Scope = ABSENT
    idempotency_key: Key = ABSENT

    @property
    def drafts_field(self) -> str:
        return "drafts"

    @property
    def deleted(self) -> list[str]:
        return []

    @property
    def deletes_field(self) -> str:
        return ""


class SearchTracks(Filter):
    """The planning surface's filters, without a page number."""

    type: Literal["task", "goal"] = "task"
    query: Annotated[str, Field(max_length=200)] = ""
    cursor: Cursor = ABSENT


# ---------------------------------------------------------------- output


class Task(Model):
    """A task as REST shows it, without what is empty and not required."""

    id: str
    title: str
    status: Word
    tenant_id: str
    source: Source
    description: str = ABSENT
    due_at: str = ABSENT
    assignee_id: str = ABSENT
    related_resource_type: Resource = ABSENT
    related_resource_id: str = ABSENT
    completed_note: str = ABSENT
    completed_at: str = ABSENT
    last_agent_actor_id: str = ABSENT
    created_at: str
    updated_at: str


class OneTask(Model):
    """`overruled`: tasks that were to be done before, as a person decided against."""

    task: Task
    overruled: list[str] = ABSENT
    request_id: str


class Claim(Model):
    holder: str
    fence: int
    lease_expires_at: str


class Run(Model):
    id: str
    url: str
    message: str = ABSENT


class ClaimedTask(Model):
    """Without task and claim when none is ready; with a run, the claim is on the run."""

    task: Task = ABSENT
    claim: Claim = ABSENT
    run: Run = ABSENT
    request_id: str


class Asked(Model):
    """`status` is open, answered, or closed: the run ended without an answer."""

    question_id: str
    status: str
    text: str
    answer: str = ABSENT
    answered_by: str = ABSENT
    comments: list[dict[str, Any]] = ABSENT
    request_id: str


class Comments(Model):
    comments: list[dict[str, Any]]
    request_id: str


class Tasks(Model):
    tasks: list[Task]
    next_cursor: str = ABSENT
    request_id: str


class Planned(Model):
    """`unknown_projects`: ids of the scope that no project has."""

    results: list[dict[str, Any]]
    unknown_projects: list[str] = ABSENT
    request_id: str


class Tracks(Model):
    items: list[dict[str, Any]]
    nextCursor: str | None
    request_id: str
