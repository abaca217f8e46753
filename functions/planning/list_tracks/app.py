"""GET /v1/tracks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import search
from switchyard.surfaces.planning.models import ListTracks
from switchyard.surfaces.planning.replies import TrackPage
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.list_tracks",
    "GET /v1/tracks",
    scopes=("tasks:read",),
    query=ListTracks,
    reply=TrackPage,
)
def handler(call: Call[None, ListTracks]) -> Reply:
    """List tasks or goals, newest first, with the search's filters."""
    return search.list_tracks(call)
