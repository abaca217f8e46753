"""POST /api/v1/tasks/claim"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import claims
from switchyard.surfaces.pool.models import ClaimedTask, ClaimNext
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.claim_next",
    "POST /api/v1/tasks/claim",
    scopes=("tasks:write",),
    body=ClaimNext,
    reply=ClaimedTask,
    body_optional=True,
    empty=204,
)
def handler(call: Call[ClaimNext]) -> Reply:
    """Claim the next ready task that matches, urgent first, then oldest; 204 if there is none."""
    return claims.claim_next(call)
