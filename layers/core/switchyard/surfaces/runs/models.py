"""Wire models of the runs surface: what an agent asks for, and what it gets."""

from typing import Annotated, Any, Literal

from switchyard.domain.claims import LEASE_DEFAULT, LEASE_MAX
from switchyard.http.models import Field, Shown, Wire
from switchyard.surfaces.inputs import ABSENT, NonEmptyName, TrackId, Whole

#: Seconds: the shortest lease, and the longest that a claim waits for a run.
LEASE_MIN = 10
WAIT_MAX = 20


class Lease(Wire):
    #: Seconds until the run goes to another agent unless a heartbeat comes before.
    lease_seconds: Annotated[int, Field(ge=LEASE_MIN, le=LEASE_MAX), Whole] = LEASE_DEFAULT


class Claim(Lease):
    """How long to wait for a run, and which one: of a project, of a task."""

    #: Seconds to wait for a run when there is none; 0 answers at once.
    wait_seconds: Annotated[int, Field(ge=0, le=WAIT_MAX), Whole] = 0
    project: NonEmptyName = ABSENT  #: Runs of this project's tasks alone, by its id or number.
    task: TrackId = ABSENT  #: Runs of this task alone.


class TaskShown(Shown):
    """What the run is about. `json_schema` is what its output must fit."""

    id: str  #: The task's UUID.
    title: str  #: What is to be done, in one line.
    description: str  #: What is to be done, at length; empty when nothing was said.
    priority: Literal["urgent", "high", "medium", "low"]  #: How urgent it is; `medium` unless said otherwise.
    due: str | None  #: When it is due: a date, or an instant in UTC; null for never.
    project: str | None  #: The first project that it is in; null for none.
    goal: str | None  #: UUID of the goal that it belongs to; null for none.
    repository: str | None  #: The repository that it is about, `organization/name`; null for none.
    json_schema: dict[str, Any] | bool | None  #: JSON Schema that the run's output must fit; null for any output.
    metadata: dict[str, Any]  #: The client's own JSON object, kept as it is.
    created_by: str  #: Id of the actor who created it.


class RunShown(Shown):
    """`message` is what the run was started with, `artifacts` the files it was given."""

    id: str  #: The run's UUID.
    status: Literal["in_progress"]  #: A claimed run is in progress.
    stage: str | None  #: The step that the agent last reported.
    branch: str | None  #: The branch that the work is to be on.
    message: str | None  #: What the run was started with, a text for the agent.
    state: dict[str, Any]  #: What the agents of this run have kept so far.
    artifacts: list[dict[str, Any]]  #: The files that the run was given, with their `storage_path`.
    resumed_from: str | None  #: UUID of the run that this one continues.
    created_by: str  #: Id of the actor who created it.
    created_at: str  #: When it was created: an instant in UTC.


class ClaimedRun(Shown):
    """`fence` goes into the header Claim-Fence of all that the agent reports under `url`."""

    task: TaskShown  #: What the run is about.
    run: RunShown  #: The run that the caller holds now.
    fence: int  #: The number of this claim: send it in the header Claim-Fence of all that you report.
    lease_until: str  #: When the claim ends without a heartbeat: an instant in UTC.
    url: str  #: Where the agent reports on the run.


class LeaseShown(Shown):
    """A run's claim: without a holder it is free."""

    task: str  #: UUID of the task.
    run: str  #: UUID of the run.
    #: Where the run stands.
    status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"]
    holder: str | None  #: Id of the agent who holds it; null when it is free.
    fence: int | None  #: The number of the latest claim; null when there was none.
    lease_until: str | None  #: When the claim ends without a heartbeat: an instant in UTC; null when it is free.
