"""Wire models of the follow-ups surface (contract: followups.md §4.1). Strict: unknown fields and null are refused."""

from typing import Annotated, Any

from switchyard.http.models import Field, Query, Rule, Wire
from switchyard.http.validation import Expectation
from switchyard.store.idempotency import KEY_MAX
from switchyard.surfaces.followups.statuses import Resource, Word
from switchyard.surfaces.inputs import (
    ABSENT,
    Cursor,
    DateOrInstant,
    Description,
    Limit,
    Name,
    NonEmptyName,
    Title,
    date_or_instant,
)

NOTE_MAX = 4_000

Note = Annotated[str, Field(max_length=NOTE_MAX)]
Key = Annotated[str, Field(min_length=1, max_length=KEY_MAX, description="Makes a retry safe")]


def _as_promised(schema: dict[str, Any]) -> None:
    """Name what the contract names; a date is taken all the same."""
    del schema["anyOf"]
    schema["format"] = "date-time"


DueAt = Annotated[DateOrInstant, Field(description="ISO 8601", json_schema_extra=_as_promised)]


ClearableDueAt = Annotated[
    str,
    Rule(lambda text: date_or_instant(text) if text else text, {"anyOf": [{"format": "date-time"}, {"maxLength": 0}]}),
]


def _both_or_neither(given: Any) -> None:
    pair = ("related_resource_type", "related_resource_id")
    missing = [name for name in pair if getattr(given, name) is None]
    if len(missing) == 1:
        both = f"both {pair[0]} and {pair[1]}, or neither"
        raise Expectation("is missing", both, "incomplete", missing[0])


_PAIR: dict[str, Any] = {
    "related_resource_type": ["related_resource_id"],
    "related_resource_id": ["related_resource_type"],
}


class CreateTask(Wire):
    model_config = {"json_schema_extra": {"dependentRequired": _PAIR}}

    title: Title  #: What is to be done, in one line.
    description: Description = ""  #: What is to be done, at length.
    due_at: DueAt = ABSENT  #: When it is due: a date-time, or a date.
    assignee_id: NonEmptyName = ABSENT  #: Id of the person or agent who is to do it.
    #: Kind of the other system's resource that the task is about; with its id, or neither.
    related_resource_type: Resource = ABSENT
    related_resource_id: NonEmptyName = ABSENT  #: Id of that resource in the other system.
    idempotency_key: Key = ABSENT  #: Makes a retry safe; the header Idempotency-Key says the same.

    def model_post_init(self, _context: Any) -> None:
        _both_or_neither(self)


class UpdateTask(Wire):
    """`open` reopens. An empty `completed_note`, `due_at` or `assignee_id` clears it."""

    title: Title = ABSENT  #: What is to be done, in one line.
    due_at: ClearableDueAt = ABSENT  #: When it is due; an empty text clears it.
    assignee_id: Name = ABSENT  #: Id of the person or agent who is to do it; an empty text clears it.
    status: Word = ABSENT  #: The new status; `open` reopens what was completed or cancelled.
    completed_note: Note = ABSENT  #: What came of it, 4,000 characters at most; an empty text clears it.
    idempotency_key: Key = ABSENT  #: Makes a retry safe; the header Idempotency-Key says the same.


class ListTasks(Query):
    """Filters are joined by AND; `due_at_from` and `due_at_to` are included."""

    status: Word = ABSENT  #: Tasks with this status alone.
    assignee_id: NonEmptyName = ABSENT  #: Tasks of this person or agent alone.
    due_at_from: DateOrInstant = ABSENT  #: Tasks due then or later: a date or a date-time.
    due_at_to: DateOrInstant = ABSENT  #: Tasks due then or earlier: a date or a date-time.
    related_resource_type: Resource = ABSENT  #: Tasks about a resource of this kind; together with its id.
    related_resource_id: NonEmptyName = ABSENT  #: Tasks about the resource with this id; together with its kind.
    limit: Limit = 50
    cursor: Cursor = ABSENT

    def model_post_init(self, _context: Any) -> None:
        _both_or_neither(self)
