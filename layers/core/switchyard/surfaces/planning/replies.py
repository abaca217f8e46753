"""What the planning surface answers, as documented in docs/openapi.json; the tests hold the answers to it."""

from typing import Annotated, Any, Literal

from switchyard.domain import goal_runs
from switchyard.http.models import Field
from switchyard.surfaces.outputs import CamelShown


class ScopeShown(CamelShown):
    type: Literal["personal", "projects"]
    ids: list[str] = []


class TaskShown(CamelShown):
    status: Literal["backlog", "todo", "in_progress", "done", "cancelled"] | None
    due_date: str | None
    assignee: str | None
    assignee_type: Literal["user", "agent"] | None
    parent_id: str | None
    depends_on: list[str]
    goal_id: str | None
    number: int | None
    requires_approval: Literal["start", "completion"] | None


class GoalShown(CamelShown):
    status: Literal["not_started", "on_track", "at_risk", "postponed", "completed", "cancelled"]
    due_date: str | None
    progress: Annotated[int, Field(ge=0, le=100)]
    parent_id: str | None
    depends_on: list[str]


class OutlineShown(CamelShown):
    id: str
    external_id: str | None
    type: Literal["task", "goal"]
    title: str
    scope: ScopeShown
    priority: Literal["urgent", "high", "medium", "low"]
    task: TaskShown = None  # type: ignore[assignment]
    goal: GoalShown = None  # type: ignore[assignment]
    updated_at: str
    version: int


class ResourceShown(CamelShown):
    type: str
    id: str


class Claim(CamelShown):
    """Who holds the task, and until when."""

    holder: str
    fence: int
    lease_expires_at: str


class LatestRun(CamelShown):
    """The newest run of a task, as it was last told."""

    id: str
    status: str | None


class ChangedBy(CamelShown):
    """Who made the latest change; `overruled` are open prerequisites that a person overruled."""

    id: str
    kind: Literal["user", "agent"]
    source: Literal["api", "mcp", "admin", "workflow"]
    overruled: list[str] = []


class Rollup(CamelShown):
    """`follows` are the goal's fields that its tasks move; a person has set the others."""

    follows: list[Literal["status", "progress"]]
    tasks_total: Annotated[int, Field(ge=0)]
    tasks_done: Annotated[int, Field(ge=0)]
    progress: Annotated[int, Field(ge=0, le=100)] | None


class TrackShown(OutlineShown):
    """`openDependencies`: how many of a task's dependencies are not done, a moment behind; null of a goal."""

    rollup: Rollup | None
    description: str
    related_resource: ResourceShown | None
    metadata: dict[str, Any]
    due_at: str | None
    claim: Claim | None
    open_dependencies: int | None
    latest_run: LatestRun | None
    completed_at: str | None
    completed_note: str | None
    created_at: str
    created_by: str
    changed_by: ChangedBy


class UpdatedTrack(TrackShown):
    """`unblocked` comes with a task that was completed: the tasks for which it was the last to wait for.

    `stuck` comes with one that was cancelled: the tasks that wait for it.
    """

    unblocked: list[str] = None  # type: ignore[assignment]
    stuck: list[str] = None  # type: ignore[assignment]


class TrackPage(CamelShown):
    items: list[TrackShown]
    next_cursor: str | None


class ProjectNamed(CamelShown):
    id: str
    name: str | None


class AssigneeNamed(CamelShown):
    id: str
    type: Literal["user", "agent"] | None
    name: str | None


class References(CamelShown):
    projects: list[ProjectNamed]
    assignees: list[AssigneeNamed]


class SearchPage(CamelShown):
    items: list[OutlineShown]
    references: References
    search_mode: Literal["keyword"]
    next_cursor: str | None


class Applied(CamelShown):
    draft_id: str
    id: str
    type: Literal["task", "goal"]
    outcome: Literal["created", "updated", "unchanged", "deleted"]
    version: int = None  # type: ignore[assignment]


class AppliedAll(CamelShown):
    results: list[Applied]


class Node(CamelShown):
    id: str
    title: str
    status: str | None
    assignee: str | None
    priority: str


class Edge(CamelShown):
    from_: Annotated[str, Field(alias="from")]
    depends_on: str


class GraphShown(CamelShown):
    id: str
    type: Literal["task", "goal"]
    nodes: list[Node]
    edges: list[Edge]
    ready: list[str]
    blocked: list[str]
    stuck: list[str]
    critical_path_length: int
    truncated: bool


class GoalRunCounts(CamelShown):
    """`tasks`: those of agents; then how many of them are in which state. `waitedFor`: others' tasks that were done."""

    tasks: int
    completed: int
    failed: int
    running: int
    ready: int
    waiting: int
    blocked: int
    skipped: int
    waited_for: int


class GoalRunShown(CamelShown):
    """`waitingFor`: tasks of people and of elsewhere that the goal run waits for now. `reason`: why it ended so."""

    id: str
    goal_id: str
    status: goal_runs.Status
    reason: str | None
    max_parallel: int
    on_failure: goal_runs.OnFailure
    counts: GoalRunCounts
    waiting_for: list[str]
    created_by: str
    created_at: str
    updated_at: str
    completed_at: str | None


class GoalRunTask(CamelShown):
    """`runId` and `runStatus`: the task's newest run since the goal run began. `waitsFor`: what must be done before."""

    id: str
    title: str
    number: int | None
    assignee: str | None
    assignee_type: Literal["user", "agent"] | None
    status: str | None
    state: goal_runs.State
    run_id: str | None
    run_status: str | None
    waits_for: list[str]


class GoalRunProgress(GoalRunShown):
    tasks: list[GoalRunTask]
    next_cursor: str | None
