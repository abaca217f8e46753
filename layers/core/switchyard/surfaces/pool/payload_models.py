"""What webhooks post, for the documentation: a domain event in the pool's words (payloads.py makes it)."""

from typing import Any, Literal

from switchyard.http.models import Shown
from switchyard.surfaces.inputs import ABSENT
from switchyard.surfaces.outputs import CamelShown
from switchyard.surfaces.pool.models import AssigneeType, Priority
from switchyard.surfaces.pool.workflow import Status


class EventActor(CamelShown):
    id: str  #: Id of the actor that made the change; `switchyard` when the service did.
    kind: Literal["user", "agent"]  #: Whether a person made it or an agent.
    source: Literal["api", "mcp", "admin", "workflow", "schedule"]  #: How it came in.


class EventTask(CamelShown):
    """The task after the change, as the pool shows it; what is not set, or is too large for an event, is left out."""

    id: str  #: The task's id: `task_` and a UUID.
    title: str = ABSENT  #: What is to be done, in one line.
    description: str = ABSENT  #: What is to be done, at length.
    status: Status  #: Where the work stands.
    priority: Priority  #: How urgent it is.
    assigned_to: str = ABSENT  #: Id of the person or agent who is to do it.
    assignee_type: AssigneeType  #: Whether a person or an agent is to do it.
    space_id: str = ABSENT  #: The space, which is the first of its projects.
    organization_id: str  #: The tenant that it belongs to.
    created_by: str  #: Id of the actor who created it.
    created_at: str  #: When it was created: an instant in UTC.
    updated_at: str  #: When it last changed: an instant in UTC.
    due_date: str = ABSENT  #: When it is due: an instant in UTC.
    completed_at: str = ABSENT  #: When it was completed: an instant in UTC.
    metadata: dict[str, Any] = ABSENT  #: The client's own JSON object.
    depends_on: list[str] = ABSENT  #: Ids of the tasks that must be completed first.


class Prerequisite(CamelShown):
    id: str  #: Id of the task that was to be done first.
    fate: Literal["cancelled", "deleted"]  #: Why it will never be done.


class CommentSaid(CamelShown):
    id: str  #: The comment's UUID.
    text: str  #: What is said, in Markdown.
    mentions: list[str]  #: Ids of the actors whom it mentions.
    created_at: str  #: When it was written: an instant in UTC.


class TaskEventData(CamelShown):
    task: EventTask  #: The task after the change.
    previous_status: Status | None  #: Its status before; null for a new task.
    changed_fields: list[str]  #: The fields that changed, by the pool's names.
    actor: EventActor  #: Who made the change.
    prerequisite: Prerequisite = ABSENT  #: Of `task.stuck`: the task that will never be done.
    comment: CommentSaid = ABSENT  #: Of `task.commented`: what was said.


class GoalEventData(CamelShown):
    track: dict[str, Any]  #: The goal after the change.
    previous_status: str | None  #: Its status before; null for a new goal.
    changes: list[dict[str, Any]]  #: The fields that changed: `field`, `before`, `after`, and whether a value is `cut`.
    overruled: list[str]  #: Ids of open prerequisites that a person overruled.
    omitted: list[str]  #: Fields that are too large for an event: read the goal for them.
    actor: EventActor  #: Who made the change.
    comment: CommentSaid = ABSENT  #: Of `goal.commented`: what was said.


class RunEventData(CamelShown):
    run: dict[str, Any]  #: The run after the change, without its inputs and files.
    previous_status: str | None  #: Its status before; null for a new run.
    omitted: list[str]  #: Fields that are too large for an event: read the run for them.
    actor: EventActor  #: Who made the change.
    #: The question that the run asked, or goes on from with its answer; on `run.asked` and `run.answered`.
    question: dict[str, Any] = ABSENT


class _Event(CamelShown):
    id: str  #: Id of the event, the same on every attempt and at every endpoint: act on it once.
    timestamp: str  #: When the change was made: an instant in UTC.
    sequence: int  #: Version of the task, goal, run or schedule: drop what is older than what you have.
    organization_id: str  #: The tenant that it happened in.


class TaskEvent(_Event):
    """A task changed."""

    #: What happened to the task.
    type: Literal[
        "task.created",
        "task.updated",
        "task.status_changed",
        "task.completed",
        "task.assigned",
        "task.deleted",
        "task.stuck",
        "task.commented",
    ]
    data: TaskEventData  #: The task, and what changed.


class GoalEvent(_Event):
    """A goal changed."""

    #: What happened to the goal.
    type: Literal[
        "goal.created", "goal.updated", "goal.status_changed", "goal.completed", "goal.deleted", "goal.commented"
    ]
    data: GoalEventData  #: The goal, and what changed.


class RunEvent(_Event):
    """A run changed."""

    #: What happened to the run.
    type: Literal[
        "run.queued",
        "run.dispatched",
        "run.started",
        "run.asked",
        "run.answered",
        "run.completed",
        "run.failed",
        "run.cancelled",
    ]
    data: RunEventData  #: The run, and what changed.


class ScheduleEventData(CamelShown):
    #: The schedule after the change: `id`, `name`, `expression`, `timeZone`, `does`, `target`, `overlap`, `catchUp`,
    #: `paused`, `version`; of an occurrence its `id` alone.
    schedule: dict[str, Any]
    previous_status: str | None  #: Always null: schedules have no status.
    omitted: list[str]  #: Fields that are too large for an event; none are.
    actor: EventActor  #: Who made the change.
    #: Of `schedule.occurred`: `at`, `outcome`, `reason`, and the ids of `track` and `run` that it began.
    occurrence: dict[str, Any] = ABSENT


class ScheduleEvent(_Event):
    """A schedule changed, or an occurrence of it was decided."""

    #: What happened to the schedule.
    type: Literal["schedule.created", "schedule.updated", "schedule.deleted", "schedule.occurred"]
    data: ScheduleEventData  #: The schedule, and what became of it.


#: What is posted, by the kind of what changed.
EVENTS: dict[str, type[Shown]] = {
    "task": TaskEvent,
    "goal": GoalEvent,
    "run": RunEvent,
    "schedule": ScheduleEvent,
}
