"""Wire models of the pool surface (contract: pool.md §2). Field names are camelCase on the wire.

An absent field keeps its value (or takes its default); null clears what can be empty.
"""

from typing import Annotated, Any, Literal

from switchyard.domain.claims import LEASE_DEFAULT, LEASE_MAX
from switchyard.domain.tracks import DEPENDS_MAX
from switchyard.http.models import Field, ShownRoot
from switchyard.surfaces.inputs import (
    ABSENT,
    CamelBody,
    CamelQuery,
    Cursor,
    Description,
    Distinct,
    Instant,
    Limit,
    Metadata,
    Moment,
    Name,
    NonEmptyName,
    Title,
    TrackId,
    Whole,
)
from switchyard.surfaces.outputs import CamelShown
from switchyard.surfaces.pool.workflow import Status

# In the order of the other surfaces: typing keeps one object for unions of equal Literals, in the order it met first.
Priority = Literal["urgent", "high", "medium", "low"]
AssigneeType = Literal["user", "agent"]
DependsOn = Annotated[list[TrackId], Field(max_length=DEPENDS_MAX), Distinct]


class _TaskFields(CamelBody):
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


class _Filter(CamelQuery):
    space_id: NonEmptyName = ABSENT
    priority: Priority = ABSENT
    limit: Limit = 50
    cursor: Cursor = ABSENT


class Lease(CamelBody):
    lease_seconds: Annotated[int, Field(ge=1, le=LEASE_MAX), Whole] = LEASE_DEFAULT


class ClaimNext(Lease):
    """Which task to draw: one meant for a kind of worker, of a space, of a priority."""

    assignee_type: AssigneeType = ABSENT
    space_id: NonEmptyName = ABSENT
    priority: Priority = ABSENT


class ReadyTasks(_Filter):
    assignee_type: AssigneeType = ABSENT


class ListTasks(_Filter):
    status: Status = ABSENT
    assigned_to: NonEmptyName = ABSENT


class ClaimShown(CamelShown):
    """Who holds the task; `fence` goes into the header Claim-Fence of the holder's writes."""

    holder: str
    fence: int
    lease_expires_at: str


class TaskShown(CamelShown):
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
    claim: ClaimShown = ABSENT


class ClaimedTask(TaskShown):
    claim: ClaimShown


class TasksShown(ShownRoot):
    """A page of tasks, a bare array; the header Link leads to the next page."""

    root: list[TaskShown]


class Allowed(CamelShown):
    allowed: list[Status]


class PoolError(CamelShown):
    """The pool's error body; `data.allowed` lists the next statuses of a step that the workflow does not have."""

    error: Literal[True]
    status_code: int
    status_message: str
    message: str
    data: Allowed = ABSENT
