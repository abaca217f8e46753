"""Wire models of the inbox (docs/inbox.md)."""

from typing import Annotated, Literal

from switchyard.domain.inbox import Kind
from switchyard.http.models import Field
from switchyard.surfaces.inputs import ABSENT, CamelBody, CamelQuery, Cursor, Distinct, Limit, TrackId
from switchyard.surfaces.outputs import CamelShown
from switchyard.surfaces.runs.models import QuestionShown


class ListInbox(CamelQuery):
    limit: Limit = 50  #: How many items a page has at most.
    cursor: Cursor = ABSENT  #: Where the page begins, as the page before it said.


class MarkRead(CamelBody):
    """What the caller has read."""

    #: UUIDs of items of the caller's inbox; 99 at most.
    ids: Annotated[list[TrackId], Field(min_length=1, max_length=99), Distinct]


class TrackTold(CamelShown):
    id: str  #: UUID of the task or goal.
    type: Literal["task", "goal"]  #: Whether it is a task or a goal.
    title: str  #: Its title as it is now.


class ItemShown(CamelShown):
    """An item of the caller's inbox."""

    id: str  #: The item's UUID.
    #: Why it is here: a task was assigned to the caller, a comment mentions them, a run asks them, a run failed, or a
    #: reminder is due.
    kind: Kind
    track: TrackTold  #: What it is about.
    run: str | None  #: UUID of the run that asks or failed.
    question: QuestionShown | None  #: The question as it is now, if it is one.
    comment: str | None  #: UUID of the comment that mentions the caller.
    by: str  #: Id of the actor who did it.
    at: str  #: When it happened: an instant in UTC.
    read_at: str | None  #: When the caller read it; null if not yet.


class OverdueShown(CamelShown):
    """An open task of the caller that is late."""

    id: str  #: UUID of the task.
    title: str  #: What the task is called.
    status: Literal["backlog", "todo", "in_progress"] | None  #: Its status; null for none.
    priority: Literal["urgent", "high", "medium", "low"]  #: How urgent it is.
    due_date: str  #: The day that it was due.
    due_at: str | None  #: The instant that it was due, if it has one.


class InboxPage(CamelShown):
    """A page of the caller's inbox, newest first; it is shorter where tracks are not to be seen any more."""

    items: list[ItemShown]  #: Assignments, mentions, questions, approvals, failures and reminders of the caller.
    #: The caller's open tasks that are late, the longest so first; 100 at most. The first page has them.
    overdue: list[OverdueShown]
    next_cursor: str | None  #: Where the next page begins; null at the end.


class Marked(CamelShown):
    """How many items were marked as read."""

    read: int  #: Those that were there and unread.
