"""Comments on a track: written, edited, deleted, listed."""

from collections.abc import Mapping, Sequence
from typing import Any

from switchyard.domain.comments import Comment
from switchyard.domain.ids import parse_id
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger import comments as verbs
from switchyard.ledger.unit import RowKey
from switchyard.store import comments as rows
from switchyard.store import keys, lists, people_keys
from switchyard.surfaces.planning.comment_models import ListComments, WriteComment


def create(call: Call[WriteComment]) -> Reply:
    """Write a comment on the track of the path: 1 round trip and the commit."""
    track = call.unit.get(call.path_id())
    made = verbs.create(call.unit, track, call.body.text, call.body.mentions)
    return Reply(201, shown(made), {"location": f"/v1/tracks/{track.id}/comments/{made.id}"})


def edit(call: Call[WriteComment]) -> Reply:
    """Edit the comment of the path."""
    return Reply(200, shown(verbs.edit(call.unit, _of_path(call), call.body.text, call.body.mentions)))


def delete(call: Call) -> Reply:
    """Delete the comment of the path: its text is shown no more."""
    verbs.delete(call.unit, _of_path(call))
    return Reply(204)


def page(call: Call[None, ListComments]) -> Reply:
    """Answer with a page of the track's comments, the oldest first: 2 round trips."""
    query, unit = call.query, call.unit
    track = unit.get(call.path_id())
    fingerprint = lists.fingerprint("comments", track.tenant_id, call.actor.id, track.id, query.after)
    after = lists.from_cursor(query.cursor, fingerprint) or query.after
    found = rows.of_track(unit.table, track.tenant_id, track.id, query.limit, after)
    items = [shown(rows.from_item(each)) for each in found.items]
    return Reply(200, {"items": items, "nextCursor": lists.to_cursor(found.position, fingerprint)})


def shown(comment: Comment) -> dict[str, Any]:
    """Return what is shown of a comment."""
    return {
        "id": comment.id,
        "track": comment.track_id,
        "text": None if comment.deleted_at else comment.text,
        "mentions": list(comment.mentions),
        "author": comment.created_by,
        "authorKind": comment.created_by_kind,
        "createdAt": comment.created_at,
        "editedAt": comment.edited_at,
        "deletedAt": comment.deleted_at,
    }


def rows_of_path(tenant_id: str, path: Mapping[str, str]) -> Sequence[RowKey]:
    """Return the keys of the comment and its track: what is read first."""
    track_id, comment_id = parse_id(path["id"]), parse_id(path["comment_id"])
    if track_id is None or comment_id is None:
        return []
    return [keys.track(tenant_id, track_id), people_keys.comment(tenant_id, track_id, comment_id)]


def _of_path(call: AnyCall) -> Comment:
    return verbs.find(call.unit, call.path_id(), call.path_id("comment_id"))
