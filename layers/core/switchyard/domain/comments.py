"""Comments on tracks: what people and agents say about the work (docs/comments.md)."""

import re
from collections.abc import Iterable

from switchyard.domain import clock
from switchyard.domain.actors import Actor
from switchyard.domain.errors import Conflict
from switchyard.domain.ids import new_id
from switchyard.domain.structs import Struct, replace
from switchyard.domain.tracks import Track

MENTIONS_MAX = 20

#: An actor's id after an @ that stands alone; other ids are named beside the text.
_MENTION = re.compile(r"(?<![\w@./])@([A-Za-z0-9][A-Za-z0-9_.:-]{0,127})")


class NotAuthor(Conflict):
    """Somebody else wrote the comment."""

    code, title = "not_author", "The comment is somebody else's"


class CommentDeleted(Conflict):
    """The comment is deleted, and stays so."""

    code, title = "comment_deleted", "The comment is deleted"


class Comment(Struct, kw_only=True):
    """One comment. Times are instants of domain.clock; `text` is Markdown; `mentions` are ids of actors.

    Who may see it follows from its track at any time. Of a deleted comment everything but its text is shown.
    """

    tenant_id: str
    id: str
    track_id: str
    text: str
    mentions: tuple[str, ...] = ()
    created_by: str
    created_by_kind: str
    created_at: str
    edited_at: str | None = None
    deleted_at: str | None = None
    version: int = 1
    updated_at: str
    changed_by: str
    changed_by_kind: str
    changed_source: str
    changed_request: str
    changed_operation: str | None = None


def create(actor: Actor, request_id: str, track: Track, text: str, mentions: Iterable[str]) -> Comment:
    """Return a new comment on a track."""
    now = clock.now()
    return Comment(
        tenant_id=track.tenant_id,
        id=new_id(),
        track_id=track.id,
        text=text,
        mentions=mentioned(text, mentions),
        created_by=actor.id,
        created_by_kind=actor.kind,
        created_at=now,
        updated_at=now,
        **actor.stamp(request_id),
    )


def edit(comment: Comment, actor: Actor, request_id: str, text: str, mentions: Iterable[str]) -> Comment:
    """Return the comment with another text. Raises NotAuthor and CommentDeleted."""
    if comment.created_by != actor.id:
        raise NotAuthor(f"{comment.created_by} wrote the comment: only they can edit it.")
    if comment.deleted_at:
        raise CommentDeleted(f"The comment is deleted since {comment.deleted_at}.")
    if (comment.text, comment.mentions) == (text, mentioned(text, mentions)):
        return comment
    after = _changed(comment, actor, request_id)
    return replace(after, text=text, mentions=mentioned(text, mentions), edited_at=after.updated_at)


def delete(comment: Comment, actor: Actor, request_id: str) -> Comment:
    """Return the comment as deleted; its author and administrators may do that. Raises NotAuthor."""
    if comment.created_by != actor.id and not actor.may("settings:admin"):
        raise NotAuthor(f"{comment.created_by} wrote the comment: only they, or an administrator, can delete it.")
    if comment.deleted_at:
        return comment
    after = _changed(comment, actor, request_id)
    return replace(after, deleted_at=after.updated_at)


def mentioned(text: str, named: Iterable[str]) -> tuple[str, ...]:
    """Return whom a comment mentions: those named beside it, and those after an @ in its text; at most MENTIONS_MAX."""
    found = [*named, *(each.rstrip(".:-") for each in _MENTION.findall(text))]
    return tuple(dict.fromkeys(found))[:MENTIONS_MAX]


def _changed(comment: Comment, actor: Actor, request_id: str) -> Comment:
    now = max(clock.now(), comment.updated_at)
    return replace(comment, version=comment.version + 1, updated_at=now, **actor.stamp(request_id))
