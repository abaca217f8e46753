"""Wire models of the pool surface (contract: pool.md §2). Field names are camelCase on the wire.

An absent field keeps its value (or takes its default); null clears what can be empty.
"""

from typing import Annotated, Any, Literal

from switchyard.domain.claims import LEASE_DEFAULT, LEASE_MAX
from switchyard.domain.tracks import DEPENDS_MAX
from switchyard.http.models import Field, ShownRoot
from switchyard.http.validation import Expectation
from switchyard.surfaces.inputs import (
    ABSENT,
    CamelBody,
    CamelQuery,
    Cursor,
    DateOrInstant,
    Description,
    Distinct,
    Instant,
    Limit,
    Metadata,
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

    description: Description | None = None  #: What is to be done, at length; null clears it.
    assigned_to: Name | None = None  #: Id of the person or agent who is to do it; null for nobody.
    #: Whether a person or an agent is to do it; `user` when a new assignee comes without.
    assignee_type: AssigneeType | None = None
    space_id: Name | None = None  #: The space, which is a project; null for none.
    due_date: DateOrInstant | None = None  #: When it is due: a date or a date-time; null for never.
    completed_at: Instant | None = None  #: When it was completed; set by the service when left out.
    metadata: Metadata | None = None  #: Any JSON object of the client's, of at most 32 KB; replaces what was there.
    depends_on: DependsOn | None = None  #: Ids of the tasks that must be completed first; 50 at most.


class CreateTask(_TaskFields):
    """`id` is a client's own temporary one: the answer has the task's id."""

    title: Title  #: What is to be done, in one line.
    status: Status | None = None  #: Where the work stands; `pending` when left out.
    priority: Priority | None = None  #: How urgent it is; `medium` when left out.
    id: Any = None  #: A client's own temporary id, which is ignored: the answer has the task's.


class UpdateTask(_TaskFields):
    title: Title = ABSENT  #: What is to be done, in one line.
    #: The next status; a step that the workflow does not have is refused with 409, which names those it has.
    status: Status = ABSENT
    priority: Priority = ABSENT  #: How urgent it is.


class _Filter(CamelQuery):
    space_id: NonEmptyName = ABSENT  #: Tasks of this space alone.
    priority: Priority = ABSENT  #: Tasks of this priority alone.
    limit: Limit = 50
    cursor: Cursor = ABSENT


class Lease(CamelBody):
    #: Seconds until the task can be claimed by others unless a heartbeat comes before.
    lease_seconds: Annotated[int, Field(ge=1, le=LEASE_MAX), Whole] = LEASE_DEFAULT


class ClaimNext(Lease):
    """Which task to draw: one meant for a kind of worker, of a space, of a priority."""

    assignee_type: AssigneeType = ABSENT  #: Draw a task that is meant for this kind of worker.
    space_id: NonEmptyName = ABSENT  #: Draw a task of this space.
    priority: Priority = ABSENT  #: Draw a task of this priority.


class ReadyTasks(_Filter):
    assignee_type: AssigneeType = ABSENT  #: Tasks that are meant for this kind of worker alone.


class ListTasks(_Filter):
    status: Status = ABSENT  #: Tasks with this status alone.
    assigned_to: NonEmptyName = ABSENT  #: Tasks of this person or agent alone.
    due_date_from: DateOrInstant = ABSENT  #: Tasks due then or later, soonest first.
    due_date_to: DateOrInstant = ABSENT  #: Tasks due until then, soonest first; a date takes in its whole day.
    #: In which order: newest first, soonest due first (tasks with a due date alone), or latest changed first.
    sort: Literal["created", "due", "updated"] = ABSENT

    def model_post_init(self, _context: Any) -> None:
        if self.is_by_due and self.sort not in (None, "due"):
            raise Expectation("is given with a bound of the due date", "due, or no sort", "conflict", "sort")

    @property
    def is_by_due(self) -> bool:
        """Whether the list is in the order of due dates."""
        return self.sort == "due" or bool(self.due_date_from or self.due_date_to)


class ClaimShown(CamelShown):
    """Who holds the task; `fence` goes into the header Claim-Fence of the holder's writes."""

    holder: str  #: Id of the actor who holds the task.
    fence: int  #: The number of the claim: send it in the header Claim-Fence of your writes.
    lease_expires_at: str  #: When the claim ends without a heartbeat: an instant in UTC.


class TaskShown(CamelShown):
    """A task as the pool shows it; what is not set is left out."""

    id: str  #: The task's id: `task_` and a UUID.
    title: str  #: What is to be done, in one line.
    description: str  #: What is to be done, at length; empty when nothing was said.
    status: Status  #: Where the work stands.
    priority: Priority  #: How urgent it is; `medium` unless said otherwise.
    assigned_to: str = ABSENT  #: Id of the person or agent who is to do it; left out for nobody.
    assignee_type: AssigneeType  #: Whether a person or an agent is to do it.
    space_id: str = ABSENT  #: The space, which is the first of its projects; left out for none.
    organization_id: str  #: The tenant that it belongs to.
    created_by: str  #: Id of the actor who created it.
    created_at: str  #: When it was created: an instant in UTC.
    updated_at: str  #: When it last changed: an instant in UTC.
    due_date: str = ABSENT  #: When it is due: an instant in UTC; left out for never.
    completed_at: str = ABSENT  #: When it was completed: an instant in UTC; left out until then.
    metadata: dict[str, Any]  #: The client's own JSON object, kept as it is.
    depends_on: list[str] = ABSENT  #: Ids of the tasks that must be completed first; left out for none.
    claim: ClaimShown = ABSENT  #: Who holds it now; left out for nobody.


class ClaimedTask(TaskShown):
    claim: ClaimShown  #: The claim that the caller has now.


class TasksShown(ShownRoot):
    """A page of tasks, a bare array; the header Link leads to the next page."""

    root: list[TaskShown]


class Allowed(CamelShown):
    allowed: list[Status]  #: The statuses that can come next.


class PoolError(CamelShown):
    """The pool's error body; `data.allowed` lists the next statuses of a step that the workflow does not have."""

    error: Literal[True]  #: Says that this is an error.
    status_code: int  #: HTTP status of the answer.
    status_message: str  #: The status in words.
    message: str  #: What happened, for people.
    data: Allowed = ABSENT  #: What can come next, where a step of the workflow was refused.
