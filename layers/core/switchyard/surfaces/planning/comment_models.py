"""Wire models of comments (docs/comments.md)."""

from typing import Annotated, Literal

from switchyard.domain.comments import MENTIONS_MAX
from switchyard.http.models import Field
from switchyard.surfaces.inputs import (
    ABSENT,
    CamelBody,
    CamelQuery,
    CommentText,
    Cursor,
    Distinct,
    Limit,
    NonEmptyName,
    TrackId,
)
from switchyard.surfaces.outputs import CamelShown


class WriteComment(CamelBody):
    """A comment, or its next text."""

    text: CommentText  #: What is said, in Markdown; 10,000 characters at most.
    #: Ids of actors whom it mentions, beside those after an `@` in the text; 20 at most.
    mentions: Annotated[list[NonEmptyName], Field(max_length=MENTIONS_MAX), Distinct] = []


class ListComments(CamelQuery):
    limit: Limit = 50  #: How many comments a page has at most.
    cursor: Cursor = ABSENT  #: Where the page begins, as the page before it said.
    after: TrackId = ABSENT  #: UUID of a comment: only those after it.


class CommentShown(CamelShown):
    """A comment on a track."""

    id: str  #: The comment's UUID.
    track: str  #: UUID of the track.
    text: str | None  #: What is said, in Markdown; null once it is deleted.
    mentions: list[str]  #: Ids of the actors whom it mentions.
    author: str  #: Id of the actor who wrote it.
    author_kind: Literal["user", "agent"]  #: Whether a person wrote it or an agent.
    created_at: str  #: When it was written: an instant in UTC.
    edited_at: str | None  #: When its author last edited it; null if never.
    deleted_at: str | None  #: When it was deleted; null if it is not.


class CommentPage(CamelShown):
    """A page of a track's comments, the oldest first."""

    items: list[CommentShown]  #: The comments.
    next_cursor: str | None  #: Where the next page begins; null at the end.
