"""POST /api/v1/tasks/{id}/release"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.pool import claims
from switchyard.surfaces.pool.models import TaskShown
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.release_task",
    "POST /api/v1/tasks/{id}/release",
    scopes=("tasks:write",),
    reply=TaskShown,
    reads=the_track,
)
def handler(call: Call) -> Reply:
    """Release a claimed task to the pool."""
    return claims.release(call)
