"""Verbs of comments: each gathers a comment, and leaves word of it with the agent that works on the task."""

from collections.abc import Iterable

from switchyard.domain import comments
from switchyard.domain.comments import Comment
from switchyard.domain.errors import NotFound
from switchyard.domain.tracks import Track
from switchyard.ledger.unit import Unit
from switchyard.store import comments as rows
from switchyard.store import people_keys
from switchyard.store import runs as run_rows


def find(unit: Unit, track_id: str, comment_id: str) -> Comment:
    """Read a comment and its visible track: 1 round trip. Raises NotFound."""
    row_key = people_keys.comment(unit.actor.tenant_id, track_id, comment_id)
    unit.prefetch([track_id], rows=[row_key])
    unit.get(track_id)
    row = unit.row(row_key)
    if row is None:
        raise NotFound(f"The track has no comment with the id {comment_id}.")
    return rows.from_item(row)


def create(unit: Unit, track: Track, text: str, mentions: Iterable[str] = ()) -> Comment:
    """Gather a comment on a track that was read. The row of an active run gets its id, for the next heartbeat."""
    made = comments.create(unit.actor, unit.request_id, track, text, mentions)
    unit.write(rows.put(made))
    if track.is_task and track.has_active_run and track.latest_run_id:
        unit.write(run_rows.note_comment(track.tenant_id, track.id, track.latest_run_id, made.id))
    return made


def edit(unit: Unit, comment: Comment, text: str, mentions: Iterable[str]) -> Comment:
    """Gather another text of a comment that was read. Raises NotAuthor and CommentDeleted."""
    return _become(unit, comment, comments.edit(comment, unit.actor, unit.request_id, text, mentions))


def delete(unit: Unit, comment: Comment) -> Comment:
    """Gather the deletion of a comment that was read. Raises NotAuthor."""
    return _become(unit, comment, comments.delete(comment, unit.actor, unit.request_id))


def _become(unit: Unit, before: Comment, after: Comment) -> Comment:
    if after is not before:
        unit.write(rows.update(before, after))
    return after
