"""Wire models of the pool's executions, which are runs (docs/pool.md, "Executions")."""

from typing import Annotated, Any, Literal

from switchyard.http.models import Field, ShownRoot
from switchyard.surfaces.inputs import ABSENT, CamelBody, CamelQuery, Cursor, Limit, NonEmptyName, TrackId
from switchyard.surfaces.outputs import CamelShown

#: The pool's statuses, and failed, which a task never is.
Status = Literal["pending", "in_progress", "completed", "failed", "cancelled"]


class ListExecutions(CamelQuery):
    """Without `taskId`: the latest execution of each task."""

    task_id: TrackId = ABSENT
    agent_id: NonEmptyName = ABSENT
    status: Status = ABSENT
    limit: Limit = 50
    cursor: Cursor = ABSENT


class Execute(CamelBody):
    """`message` is a text for the agent."""

    task_id: TrackId
    message: Annotated[str, Field(max_length=32_000)] = ABSENT


class ExecutionShown(CamelShown):
    """What is not set is left out. `output` is what the agent reported, `error` why it failed."""

    id: str
    task_id: str
    agent_id: str = ABSENT
    status: Status
    organization_id: str
    created_by: str
    created_at: str
    updated_at: str
    started_at: str = ABSENT
    completed_at: str = ABSENT
    output: Any = None
    error: str = ABSENT


class ExecutionsShown(ShownRoot):
    """A page of executions, a bare array; the header Link leads to the next page."""

    root: list[ExecutionShown]
