"""POST /v1/tracks/{id}/comments"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.planning import comments
from switchyard.surfaces.planning.comment_models import CommentShown, WriteComment
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.create_comment",
    "POST /v1/tracks/{id}/comments",
    scopes=("tasks:write",),
    body=WriteComment,
    reply=CommentShown,
    status=201,
    reads=the_track,
)
def handler(call: Call[WriteComment]) -> Reply:
    """Write a comment on a track."""
    return comments.create(call)
