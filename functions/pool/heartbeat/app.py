"""POST /api/v1/tasks/{id}/heartbeat"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import claims
from switchyard.surfaces.pool.models import ClaimedTask, Lease
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.heartbeat",
    "POST /api/v1/tasks/{id}/heartbeat",
    scopes=("tasks:write",),
    body=Lease,
    reply=ClaimedTask,
    body_optional=True,
)
def handler(call: Call[Lease]) -> Reply:
    """Extend the lease on a task that the caller holds."""
    return claims.heartbeat(call)
