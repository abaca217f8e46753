"""What the follow-ups surface answers, as documented in docs/openapi.json; the tests hold the answers to it."""

from switchyard.http.models import Shown
from switchyard.surfaces.followups.statuses import Resource, Source, Word


class TaskShown(Shown):
    """`source` says how the latest change came in, `last_agent_actor_id` which agent touched the task last."""

    id: str
    tenant_id: str
    title: str
    description: str
    status: Word
    due_at: str | None
    assignee_id: str | None
    related_resource_type: Resource | None
    related_resource_id: str | None
    completed_note: str | None
    completed_at: str | None
    source: Source
    last_agent_actor_id: str | None
    created_at: str
    updated_at: str


class OneTask(Shown):
    data: TaskShown
    request_id: str


class TaskPage(Shown):
    data: list[TaskShown]
    next_cursor: str = None  # type: ignore[assignment]
    request_id: str


class FieldRefused(Shown):
    field: str
    message: str


class ErrorObject(Shown):
    """What every error carries, and what single codes add."""

    code: str
    message: str
    request_id: str
    docs_url: str
    field_errors: list[FieldRefused] = []
    required_scope: str = None  # type: ignore[assignment]
    idempotency_key: str = None  # type: ignore[assignment]
    retry_after_seconds: int = None  # type: ignore[assignment]


class ErrorShown(Shown):
    error: ErrorObject
