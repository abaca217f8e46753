"""POST /v1/tracks/apply"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning.apply import about, apply, shown, wanted
from switchyard.surfaces.planning.draft_models import ApplyTracks
from switchyard.surfaces.planning.replies import AppliedAll
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.apply_tracks",
    "POST /v1/tracks/apply",
    scopes=("tasks:write",),
    body=ApplyTracks,
    shown=shown,
    reply=AppliedAll,
    wants=wanted,
    about=about,
)
def handler(call: Call[ApplyTracks]) -> Reply:
    """Create, change and delete up to 100 tracks at once: all of them or none."""
    return apply(call)
