"""POST /v1/tracks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import changes
from switchyard.surfaces.planning.models import CreateTrack
from switchyard.surfaces.planning.replies import TrackShown
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.create_track",
    "POST /v1/tracks",
    scopes=("tasks:write",),
    body=CreateTrack,
    shown=lambda _: changes.NEW,
    reply=TrackShown,
    versioned=True,
    status=201,
)
def handler(call: Call[CreateTrack]) -> Reply:
    """Create a task or a goal."""
    return changes.create(call)
