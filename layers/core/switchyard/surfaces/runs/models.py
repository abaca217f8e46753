"""Wire models of the runs surface: what an agent asks for, and what it gets."""

from typing import Annotated, Any, Literal

from switchyard.domain.claims import LEASE_DEFAULT, LEASE_MAX
from switchyard.http.models import Field, Shown, Wire
from switchyard.surfaces.inputs import ABSENT, NonEmptyName, TrackId, Whole

#: Seconds: the shortest lease, and the longest that a claim waits for a run.
LEASE_MIN = 10
WAIT_MAX = 20


class Lease(Wire):
    lease_seconds: Annotated[int, Field(ge=LEASE_MIN, le=LEASE_MAX), Whole] = LEASE_DEFAULT


class Claim(Lease):
    """How long to wait for a run, and which one: of a project, of a task."""

    wait_seconds: Annotated[int, Field(ge=0, le=WAIT_MAX), Whole] = 0
    project: NonEmptyName = ABSENT
    task: TrackId = ABSENT


class TaskShown(Shown):
    """What the run is about. `json_schema` is what its output must fit."""

    id: str
    title: str
    description: str
    priority: Literal["urgent", "high", "medium", "low"]
    due: str | None
    project: str | None
    goal: str | None
    repository: str | None
    json_schema: dict[str, Any] | bool | None
    metadata: dict[str, Any]
    created_by: str


class RunShown(Shown):
    """`message` is what the run was started with, `artifacts` the files it was given."""

    id: str
    status: Literal["in_progress"]
    stage: str | None
    branch: str | None
    message: str | None
    state: dict[str, Any]
    artifacts: list[dict[str, Any]]
    resumed_from: str | None
    created_by: str
    created_at: str


class QuestionShown(Shown):
    """A question of a run. `status` is `closed` for one whose run ended, or left the workflow, without an answer."""

    id: str
    task: str
    run: str
    status: Literal["open", "answered", "closed"]
    text: str
    choices: list[str]
    artifact: str | None
    to: str | None
    default: str | None
    approves: Literal["start", "completion"] | None
    deadline: str
    asked_by: str
    asked_at: str
    answer: str | None
    answered_by: str | None
    answered_by_kind: Literal["user", "agent"] | None
    answered_at: str | None


class ClaimedRun(Shown):
    """`fence` goes into the header Claim-Fence of all that the agent reports under `url`.

    `question` is the run's latest, if it has asked: an earlier agent may have, and left the answer to the next.
    """

    task: TaskShown
    run: RunShown
    fence: int
    lease_until: str
    url: str
    question: QuestionShown = ABSENT


class LeaseShown(Shown):
    """A run's claim: without a holder it is free. `question` is its latest, if it has asked one."""

    task: str
    run: str
    status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"]
    holder: str | None
    fence: int | None
    lease_until: str | None
    question: QuestionShown = ABSENT
