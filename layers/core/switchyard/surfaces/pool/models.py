"""Wire models of the pool surface (contract: pool.md §2). Field names are camelCase on the wire.

An absent field keeps its value (or takes its default); null clears what can be empty.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel

from switchyard.domain.claims import LEASE_DEFAULT, LEASE_MAX
from switchyard.domain.tracks import DEPENDS_MAX, DESCRIPTION_MAX, ID_MAX, TITLE_MAX
from switchyard.http.validation import Query, Wire
from switchyard.surfaces.inputs import (
    Distinct,
    Instant,
    Metadata,
    Moment,
    Name,
    NotBlank,
    Printable,
    TrackId,
)
from switchyard.surfaces.pool.workflow import Status

#: The default of a field that may be left out but not be null.
ABSENT: Any = None

LIMIT = 50
LIMIT_MAX = 100

Title = Annotated[str, Field(min_length=1, max_length=TITLE_MAX), NotBlank]
Description = Annotated[str, Field(max_length=DESCRIPTION_MAX)]
Priority = Literal["low", "medium", "high", "urgent"]
AssigneeType = Literal["agent", "user"]
DependsOn = Annotated[list[TrackId], Field(max_length=DEPENDS_MAX), Distinct]
Wanted = Annotated[str, Field(min_length=1, max_length=ID_MAX), Printable]


class _Camel(Wire):
    model_config = ConfigDict(alias_generator=to_camel, serialize_by_alias=True)


class _TaskFields(_Camel):
    """What a task has beyond title, status and priority; `dependsOn` is our extension."""

    description: Description | None = None
    assigned_to: Name | None = None
    assignee_type: AssigneeType | None = None
    space_id: Name | None = None
    due_date: Moment | None = None
    completed_at: Instant | None = None
    metadata: Metadata | None = None
    depends_on: DependsOn | None = None


class CreateTask(_TaskFields):
    """`id` is a client's own temporary one: the answer has the task's id."""

    title: Title
    status: Status | None = None
    priority: Priority | None = None
    id: Any = None


class UpdateTask(_TaskFields):
    title: Title = ABSENT
    status: Status = ABSENT
    priority: Priority = ABSENT


class _Filter(Query):
    model_config = ConfigDict(alias_generator=to_camel)

    space_id: Wanted = ABSENT
    priority: Priority = ABSENT
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT
    cursor: Annotated[str, Field(max_length=1_024)] = ABSENT


class Lease(_Camel):
    lease_seconds: Annotated[int, Field(ge=1, le=LEASE_MAX)] = LEASE_DEFAULT


class ClaimNext(Lease):
    """Which task to draw: one meant for a kind of worker, of a space, of a priority."""

    assignee_type: AssigneeType = ABSENT
    space_id: Wanted = ABSENT
    priority: Priority = ABSENT


class ReadyTasks(_Filter):
    assignee_type: AssigneeType = ABSENT


class ListTasks(_Filter):
    status: Status = ABSENT
    assigned_to: Wanted = ABSENT


class Shown(BaseModel):
    """Base of answers: camelCase, nothing beyond what is documented."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", defer_build=True)


class TaskShown(Shown):
    """A task as the pool shows it; what is not set is left out."""

    id: str
    title: str
    description: str
    status: Status
    priority: Priority
    assigned_to: str = ABSENT
    assignee_type: AssigneeType
    space_id: str = ABSENT
    organization_id: str
    created_by: str
    created_at: str
    updated_at: str
    due_date: str = ABSENT
    completed_at: str = ABSENT
    metadata: dict[str, Any]
    depends_on: list[str] = ABSENT


class ClaimShown(Shown):
    """Who holds the task; `fence` goes into the header Claim-Fence of the holder's writes."""

    holder: str
    fence: int
    lease_expires_at: str


class ClaimedTask(TaskShown):
    claim: ClaimShown


class TasksShown(RootModel[list[TaskShown]]):
    """A page of tasks, a bare array; the header Link leads to the next page."""


class Allowed(Shown):
    allowed: list[Status]


class PoolError(Shown):
    """The pool's error body; `data.allowed` lists the next statuses of a step that the workflow does not have."""

    error: Literal[True]
    status_code: int
    status_message: str
    message: str
    data: Allowed = ABSENT
