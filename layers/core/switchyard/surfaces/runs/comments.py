"""What people and other agents say about a task while a run works on it: how its agent is told."""

from typing import Any

from switchyard.domain import clock
from switchyard.domain.comments import Comment
from switchyard.domain.ids import lowest_id
from switchyard.domain.runs import Run
from switchyard.store import comments as rows
from switchyard.store.table import Table

#: Comments that an agent is told of at once, at most: the next answer has those after them.
COMMENTS_MAX = 20


def since(table: Table, run: Run, after: str | None) -> list[Comment]:
    """Read the oldest comments on a run's task after one of them, or after the run's start: 1 query."""
    start = after or lowest_id(clock.milliseconds(run.started_at or run.created_at) / 1000)
    page = rows.of_track(table, run.tenant_id, run.task_id, COMMENTS_MAX, start)
    return [rows.from_item(each) for each in page.items]


def is_told(said: Comment, reader: str) -> bool:
    """Return whether a reader is told of a comment: not of their own, and not of one that was deleted."""
    return said.created_by != reader and not said.deleted_at


def told(table: Table, run: Run, after: str | None, reader: str) -> list[dict[str, Any]]:
    """Return what others than the reader have said, as `since` reads it: 1 query."""
    return [shown(each) for each in since(table, run, after) if is_told(each, reader)]


def shown(said: Comment) -> dict[str, Any]:
    """Return a comment as an agent is told of it."""
    return {
        "id": said.id,
        "author": said.created_by,
        "author_kind": said.created_by_kind,
        "text": said.text,
        "created_at": said.created_at,
    }
