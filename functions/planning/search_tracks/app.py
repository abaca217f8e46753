"""POST /v1/tracks/search"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import search
from switchyard.surfaces.planning.models import SearchTracks
from switchyard.surfaces.planning.replies import SearchPage
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.search_tracks",
    "POST /v1/tracks/search",
    scopes=("tasks:read",),
    body=SearchTracks,
    reply=SearchPage,
    keyed=False,
)
def handler(call: Call[SearchTracks]) -> Reply:
    """Search tasks or goals by keyword and filter, 20 a page."""
    return search.search(call)
