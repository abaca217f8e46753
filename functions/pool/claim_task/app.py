"""POST /api/v1/tasks/{id}/claim"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.pool import claims
from switchyard.surfaces.pool.models import ClaimedTask, Lease
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.claim_task",
    "POST /api/v1/tasks/{id}/claim",
    scopes=("tasks:write",),
    body=Lease,
    reply=ClaimedTask,
    body_optional=True,
    reads=the_track,
)
def handler(call: Call[Lease]) -> Reply:
    """Claim a task exclusively, until the lease expires."""
    return claims.claim(call)
