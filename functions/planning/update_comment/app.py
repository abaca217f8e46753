"""PATCH /v1/tracks/{id}/comments/{comment_id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import comments
from switchyard.surfaces.planning.comment_models import CommentShown, WriteComment
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.update_comment",
    "PATCH /v1/tracks/{id}/comments/{comment_id}",
    scopes=("tasks:write",),
    body=WriteComment,
    reply=CommentShown,
    reads=comments.rows_of_path,
)
def handler(call: Call[WriteComment]) -> Reply:
    """Edit a comment that the caller wrote."""
    return comments.edit(call)
