"""GET /v1/tracks/{id}/comments"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.planning import comments
from switchyard.surfaces.planning.comment_models import CommentPage, ListComments
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.list_comments",
    "GET /v1/tracks/{id}/comments",
    scopes=("tasks:read", "tasks:write"),
    query=ListComments,
    reply=CommentPage,
    reads=the_track,
)
def handler(call: Call[None, ListComments]) -> Reply:
    """List the comments on a track, the oldest first."""
    return comments.page(call)
