"""Wire models of the pool's executions, which are runs (docs/pool.md, "Executions")."""

from typing import Annotated, Any, Literal

from switchyard.http.models import Field, ShownRoot
from switchyard.surfaces.inputs import ABSENT, CamelBody, CamelQuery, Cursor, Limit, NonEmptyName, TrackId
from switchyard.surfaces.outputs import CamelShown

#: The pool's statuses, and failed, which a task never is.
Status = Literal["pending", "in_progress", "completed", "failed", "cancelled"]


class ListExecutions(CamelQuery):
    """Without `taskId`: the latest execution of each task."""

    task_id: TrackId = ABSENT  #: Executions of this task, newest first; the latest of each task when left out.
    agent_id: NonEmptyName = ABSENT  #: Executions of tasks that are assigned to this agent; not with `taskId`.
    status: Status = ABSENT  #: Executions with this status alone.
    #: `true`: only executions that wait for an answer, the latest to ask first; all when left out.
    awaiting_input: Literal["true"] = ABSENT
    limit: Limit = 50
    cursor: Cursor = ABSENT


class Execute(CamelBody):
    """`message` is a text for the agent."""

    task_id: TrackId  #: Id of the task that the agent is to do.
    message: Annotated[str, Field(max_length=32_000)] = ABSENT  #: A text for the agent; 32,000 characters at most.


class ExecutionShown(CamelShown):
    """What is not set is left out. `output` is what the agent reported, `error` why it failed."""

    id: str  #: The execution's id: `exec_`, the task's UUID, a dot and the run's UUID.
    task_id: str  #: Id of the task that it is an attempt at.
    agent_id: str = ABSENT  #: Id of the agent who has it, or is meant to; left out for any.
    status: Status  #: Where it stands.
    #: True while it waits for the answer to a question, or for an approval; left out otherwise.
    awaiting_input: bool = ABSENT
    organization_id: str  #: The tenant that it belongs to.
    created_by: str  #: Id of the actor who created it.
    created_at: str  #: When it was created: an instant in UTC.
    updated_at: str  #: When it last changed: an instant in UTC.
    started_at: str = ABSENT  #: When an agent began: an instant in UTC; left out until then.
    completed_at: str = ABSENT  #: When it ended: an instant in UTC; left out until then.
    output: Any = None  #: What the agent reported, any JSON.
    error: str = ABSENT  #: Why it failed; left out unless it did.


class ExecutionsShown(ShownRoot):
    """A page of executions, a bare array; the header Link leads to the next page."""

    root: list[ExecutionShown]
