"""GET /v1/tracks/{id}"""

from switchyard.domain.tracks import etag
from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.planning import present
from switchyard.surfaces.planning.replies import TrackShown
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.get_track",
    "GET /v1/tracks/{id}",
    scopes=("tasks:read",),
    reply=TrackShown,
    versioned=True,
    reads=the_track,
)
def handler(call: Call) -> Reply:
    """Read a task or a goal with every field; its version is the ETag."""
    track = call.unit.get(call.path_id())
    return Reply(200, present.full(track), {"etag": etag(track)})
