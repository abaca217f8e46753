"""What the follow-ups surface answers, as documented in docs/openapi.json; the tests hold the answers to it."""

from switchyard.http.models import Shown
from switchyard.surfaces.followups.statuses import Resource, Source, Word


class TaskShown(Shown):
    """`source` says how the latest change came in, `last_agent_actor_id` which agent touched the task last."""

    id: str  #: The task's UUID.
    tenant_id: str  #: The tenant that it belongs to.
    title: str  #: What is to be done, in one line.
    description: str  #: What is to be done, at length; empty when nothing was said.
    status: Word  #: Where the work stands.
    due_at: str | None  #: When it is due: an instant in UTC; null for never.
    assignee_id: str | None  #: Id of the person or agent who is to do it; null for nobody.
    related_resource_type: Resource | None  #: Kind of the other system's resource that it is about.
    related_resource_id: str | None  #: Id of that resource in the other system.
    completed_note: str | None  #: What came of it, as whoever completed it wrote.
    completed_at: str | None  #: When it was completed: an instant in UTC; null until then.
    source: Source  #: How the latest change came in.
    last_agent_actor_id: str | None  #: The agent who touched the task last; null if none did.
    created_at: str  #: When it was created: an instant in UTC.
    updated_at: str  #: When it last changed: an instant in UTC.


class OneTask(Shown):
    data: TaskShown  #: The task.
    request_id: str  #: Names the request in logs and in the audit trail.


class TaskPage(Shown):
    data: list[TaskShown]  #: The page's tasks, newest first.
    #: `cursor` of the next page; left out at the end of the list.
    next_cursor: str = None  # type: ignore[assignment]
    request_id: str  #: Names the request in logs and in the audit trail.


class FieldRefused(Shown):
    field: str  #: Path of the refused field in the request.
    message: str  #: What is wrong with it, and what would be right.


class ErrorObject(Shown):
    """What every error carries, and what single codes add."""

    code: str  #: Stable word for the error: decide by this one.
    message: str  #: What happened, for people and models.
    request_id: str  #: Names the request in logs and in the audit trail.
    docs_url: str  #: Where the error is explained.
    field_errors: list[FieldRefused] = []  #: The refused fields, all that were found at once.
    #: The scope that the token lacks.
    required_scope: str = None  # type: ignore[assignment]
    #: The key that was used before for another request.
    idempotency_key: str = None  # type: ignore[assignment]
    #: Seconds to wait before the request is sent again.
    retry_after_seconds: int = None  # type: ignore[assignment]


class ErrorShown(Shown):
    error: ErrorObject  #: Why the request was refused.
