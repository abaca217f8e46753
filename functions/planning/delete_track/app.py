"""DELETE /v1/tracks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.planning import changes
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.delete_track",
    "DELETE /v1/tracks/{id}",
    scopes=("tasks:write",),
    status=204,
    versioned=True,
    reads=the_track,
)
def handler(call: Call) -> Reply:
    """Delete a track; references to it are removed soon after."""
    return changes.delete(call)
