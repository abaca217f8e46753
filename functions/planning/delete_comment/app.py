"""DELETE /v1/tracks/{id}/comments/{comment_id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import comments
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.delete_comment",
    "DELETE /v1/tracks/{id}/comments/{comment_id}",
    scopes=("tasks:write",),
    status=204,
    reads=comments.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Delete a comment: the caller's own, or any as an administrator."""
    return comments.delete(call)
