"""DELETE /v1/feeds/{feed}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import feeds
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.revoke_feed",
    "DELETE /v1/feeds/{feed}",
    scopes=("tasks:read",),
    status=204,
)
def handler(call: Call) -> Reply:
    """Revoke a calendar feed: its address serves nothing any more."""
    return feeds.revoke(call)
