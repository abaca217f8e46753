"""Comments in the table: rows in their track's partition."""

from switchyard.domain.comments import Comment
from switchyard.store import people_keys
from switchyard.store.codec import Codec
from switchyard.store.indexes import TABLE
from switchyard.store.lists import Page, Range, read_page
from switchyard.store.table import Table

ROWS = Codec(Comment, lambda each: people_keys.comment(each.tenant_id, each.track_id, each.id))
to_item, from_item = ROWS.to_item, ROWS.from_item

#: The actions that write a new comment, and turn one version into the next.
put, update = ROWS.create, ROWS.update


def of_track(table: Table, tenant_id: str, track_id: str, limit: int, after: str | None) -> Page:
    """Return rows of a track's comments, the oldest first: 1 query. A position is a comment's id."""
    pk, prefix = people_keys.comments(tenant_id, track_id)
    return read_page(table, [Range(TABLE, pk, prefix=prefix)], limit=limit, after=after, descending=False)
