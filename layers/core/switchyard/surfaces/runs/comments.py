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


def shown(said: Comment) -> dict[str, Any]:
    """Return a comment as an agent is told of it."""
    return {
        "id": said.id,
        "author": said.created_by,
        "author_kind": said.created_by_kind,
        "text": said.text,
        "created_at": said.created_at,
    }
