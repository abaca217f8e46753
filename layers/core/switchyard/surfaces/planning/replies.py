"""What the planning surface answers, as documented in docs/openapi.json; the tests hold the answers to it."""

from typing import Annotated, Any, Literal

from switchyard.domain import goal_runs
from switchyard.http.models import Field
from switchyard.surfaces.outputs import CamelShown


class ScopeShown(CamelShown):
    type: Literal["personal", "projects"]  #: Who can see it: its creator alone, or everyone in the tenant.
    ids: list[str] = []  #: The projects that it is in.


class TaskShown(CamelShown):
    #: Where the work stands; null for a task without a status.
    status: Literal["backlog", "todo", "in_progress", "done", "cancelled"] | None
    due_date: str | None  #: The day it is due; null for none.
    assignee: str | None  #: Id of the person or agent who is to do it; null for nobody.
    assignee_type: Literal["user", "agent"] | None  #: Whether the assignee is a person or an agent.
    parent_id: str | None  #: UUID of the task that it is a part of.
    depends_on: list[str]  #: UUIDs of the tasks that must be done first.
    goal_id: str | None  #: UUID of the goal that it works towards.
    number: int | None  #: Its number in the goal, counted up from 1; null without a goal.
    #: What a person must approve: the start of each of its runs, or its completion; null for nothing.
    requires_approval: Literal["start", "completion"] | None
    repeat: str | None  #: When a next task follows it, once it is done: a rule of RFC 5545; null for never.
    repeat_from: Literal["due", "done"] | None  #: What the rule counts from; null is the due date.
    remind: str | None  #: How long before its due date somebody is reminded; null for nobody.


class GoalShown(CamelShown):
    #: Where the goal stands.
    status: Literal["not_started", "on_track", "at_risk", "postponed", "completed", "cancelled"]
    due_date: str | None  #: The day it is due; null for none.
    progress: Annotated[int, Field(ge=0, le=100)]  #: Percent done.
    parent_id: str | None  #: UUID of the goal that it is a part of.
    depends_on: list[str]  #: UUIDs of the goals that come before it.


class OutlineShown(CamelShown):
    id: str  #: The track's UUID.
    external_id: str | None  #: What another system calls it; null for a track of this service's own.
    type: Literal["task", "goal"]  #: Whether it is a task or a goal.
    title: str  #: What is to be done, in one line.
    scope: ScopeShown  #: Who can see it.
    priority: Literal["urgent", "high", "medium", "low"]  #: How urgent it is; `medium` unless said otherwise.
    #: The fields that only a task has.
    task: TaskShown = None  # type: ignore[assignment]
    #: The fields that only a goal has.
    goal: GoalShown = None  # type: ignore[assignment]
    updated_at: str  #: When it last changed: an instant in UTC.
    version: int  #: Grows by one with each change; the ETag is made of it.


class ResourceShown(CamelShown):
    type: str  #: Its kind in the other system.
    id: str  #: Its id in the other system.


class Claim(CamelShown):
    """Who holds the task, and until when."""

    holder: str  #: Id of the actor who holds the task.
    fence: int  #: The number of the claim: the holder sends it in the header Claim-Fence.
    lease_expires_at: str  #: When the claim ends without a heartbeat: an instant in UTC.


class LatestRun(CamelShown):
    """The newest run of a task, as it was last told."""

    id: str  #: The run's UUID.
    status: str | None  #: Where it stands, a moment behind.


class ChangedBy(CamelShown):
    """Who made the latest change; `overruled` are open prerequisites that a person overruled."""

    id: str  #: Id of the actor.
    kind: Literal["user", "agent"]  #: Whether a person changed it or an agent.
    source: Literal["api", "mcp", "admin", "workflow", "schedule"]  #: How the change came in.
    overruled: list[str] = []  #: Ids of open prerequisites that a person overruled.


class Rollup(CamelShown):
    """`follows` are the goal's fields that its tasks move; a person has set the others."""

    follows: list[Literal["status", "progress"]]  #: The goal's fields that its tasks move; a person has set the others.
    tasks_total: Annotated[int, Field(ge=0)]  #: How many tasks it has, cancelled ones left out.
    tasks_done: Annotated[int, Field(ge=0)]  #: How many of them are done.
    progress: Annotated[int, Field(ge=0, le=100)] | None  #: Percent of its tasks that are done; null without tasks.


class TrackShown(OutlineShown):
    """`openDependencies`: how many of a task's dependencies are not done, a moment behind; null of a goal."""

    rollup: Rollup | None  #: What a goal's tasks say of it; null of a task.
    description: str  #: What is to be done, at length; empty when nothing was said.
    related_resource: ResourceShown | None  #: The resource of another system that it is about; null for none.
    metadata: dict[str, Any]  #: The client's own JSON object, kept as it is.
    #: The exact time when it is due, an instant in UTC, where another surface set one; null for a day alone, or none.
    due_at: str | None
    claim: Claim | None  #: Who holds the task now; null for nobody.
    open_dependencies: int | None  #: How many of a task's dependencies are not done, a moment behind; null of a goal.
    latest_run: LatestRun | None  #: The newest run of a task; null before the first.
    completed_at: str | None  #: When it was completed: an instant in UTC; null until then.
    completed_note: str | None  #: What came of it, as whoever completed it wrote.
    created_at: str  #: When it was created: an instant in UTC.
    created_by: str  #: Id of the actor who created it.
    changed_by: ChangedBy  #: Who made the latest change.


class UpdatedTrack(TrackShown):
    """`unblocked` comes with a task that was completed: the tasks for which it was the last to wait for.

    `stuck` comes with one that was cancelled: the tasks that wait for it.
    """

    #: Of a task that was completed: UUIDs of the tasks for which it was the last to wait for.
    unblocked: list[str] = None  # type: ignore[assignment]
    #: Of a task that was cancelled: UUIDs of the tasks that wait for it.
    stuck: list[str] = None  # type: ignore[assignment]


class TrackPage(CamelShown):
    items: list[TrackShown]  #: The page's entries, in the list's order.
    next_cursor: str | None  #: `cursor` of the next page; null at the end of the list.


class ProjectNamed(CamelShown):
    id: str  #: The project's id.
    name: str | None  #: Its name; null for a project that is not registered.


class AssigneeNamed(CamelShown):
    id: str  #: The assignee's id.
    type: Literal["user", "agent"] | None  #: Whether it is a person or an agent; null where nobody said.
    name: str | None  #: How lists show it; null for someone without a token.


class References(CamelShown):
    projects: list[ProjectNamed]  #: The projects that the page's tracks are in.
    assignees: list[AssigneeNamed]  #: The people and agents that the page's tracks are assigned to.


class SearchPage(CamelShown):
    items: list[OutlineShown]  #: The page's entries, in the list's order.
    references: References  #: Names for the ids on the page.
    search_mode: Literal["keyword"]  #: How it was matched.
    next_cursor: str | None  #: `cursor` of the next page; null at the end of the list.


class Applied(CamelShown):
    draft_id: str  #: What the request calls the draft.
    id: str  #: The track's UUID.
    type: Literal["task", "goal"]  #: Whether it is a task or a goal.
    outcome: Literal["created", "updated", "unchanged", "deleted"]  #: What became of the draft.
    #: The track's version since; left out for one that was deleted.
    version: int = None  # type: ignore[assignment]


class AppliedAll(CamelShown):
    results: list[Applied]  #: One entry a draft, then one a delete, in the request's order.


class Node(CamelShown):
    id: str  #: The track's UUID.
    title: str  #: What is to be done, in one line.
    status: str | None  #: Where it stands; null for none.
    assignee: str | None  #: Id of the person or agent who is to do it; null for nobody.
    priority: str  #: How urgent it is; `medium` unless said otherwise.


class Edge(CamelShown):
    from_: Annotated[str, Field(alias="from")]  #: UUID of the task that waits.
    depends_on: str  #: UUID of the task that it waits for.


class GraphShown(CamelShown):
    id: str  #: UUID of the goal or task that was asked for.
    type: Literal["task", "goal"]  #: Whether it is a task or a goal.
    nodes: list[Node]  #: A goal's tasks, or everything that a task depends on; 500 at most.
    edges: list[Edge]  #: Which task waits for which.
    ready: list[str]  #: UUIDs of the tasks that wait for nothing.
    blocked: list[str]  #: UUIDs of the tasks that wait for others.
    stuck: list[str]  #: UUIDs of those that wait for a cancelled or deleted task.
    critical_path_length: int  #: How many unfinished tasks the longest chain has.
    truncated: bool  #: Whether nodes are missing.


class GoalRunCounts(CamelShown):
    """`tasks`: those of agents; then how many of them are in which state. `waitedFor`: others' tasks that were done."""

    tasks: int  #: How many tasks of agents the goal has.
    completed: int  #: Of these, done since the goal run began.
    failed: int  #: Of these, those whose newest run failed.
    running: int  #: Of these, those with an active run.
    ready: int  #: Of these, those that wait because of `maxParallel`.
    waiting: int  #: Of these, those that wait for others.
    blocked: int  #: Of these, those that wait for something that will not be done.
    skipped: int  #: Of these, those that were over before, or had not begun when the goal run ended.
    waited_for: int  #: How many tasks of people and of elsewhere were done while it waited.


class GoalRunShown(CamelShown):
    """`waitingFor`: tasks of people and of elsewhere that the goal run waits for now. `reason`: why it ended so."""

    id: str  #: The goal run's UUID.
    goal_id: str  #: UUID of the goal.
    status: goal_runs.Status  #: Where it stands.
    reason: str | None  #: Why it ended so; null before that.
    max_parallel: int  #: How many runs it has at once, at most.
    on_failure: goal_runs.OnFailure  #: Whether independent tasks are still run when one failed.
    counts: GoalRunCounts  #: How many tasks are in which state.
    waiting_for: list[str]  #: UUIDs of tasks of people and of elsewhere that it waits for now; 100 at most.
    created_by: str  #: Id of the actor who created it.
    created_at: str  #: When it was created: an instant in UTC.
    updated_at: str  #: When it last changed: an instant in UTC.
    completed_at: str | None  #: When it was completed: an instant in UTC; null until then.


class GoalRunTask(CamelShown):
    """`runId` and `runStatus`: the task's newest run since the goal run began. `waitsFor`: what must be done before."""

    id: str  #: The task's UUID.
    title: str  #: What is to be done, in one line.
    number: int | None  #: Its number in the goal, counted up from 1.
    assignee: str | None  #: Id of the person or agent who is to do it; null for nobody.
    assignee_type: Literal["user", "agent"] | None  #: Whether the assignee is a person or an agent.
    status: str | None  #: Where the work stands; null for none.
    state: goal_runs.State  #: Where the task stands within the goal run.
    run_id: str | None  #: UUID of the task's newest run since the goal run began.
    run_status: str | None  #: Where that run stands.
    waits_for: list[str]  #: UUIDs of the tasks that must be done before.


class GoalRunProgress(GoalRunShown):
    tasks: list[GoalRunTask]  #: The page's tasks, by number.
    next_cursor: str | None  #: `cursor` of the next page; null at the end of the list.
