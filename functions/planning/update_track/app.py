"""PATCH /v1/tracks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.planning import changes
from switchyard.surfaces.planning.models import UpdateTrack
from switchyard.surfaces.planning.replies import UpdatedTrack
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.update_track",
    "PATCH /v1/tracks/{id}",
    scopes=("tasks:write",),
    body=UpdateTrack,
    shown=changes.shown,
    reply=UpdatedTrack,
    versioned=True,
    wants=changes.wanted,
    reads=the_track,
)
def handler(call: Call[UpdateTrack]) -> Reply:
    """Change a track: absent fields keep their values, empty strings clear them."""
    return changes.update(call)
