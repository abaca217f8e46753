"""POST /v1/runs/{task_id}/{run_id}/heartbeat"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.runs import claims
from switchyard.surfaces.runs.models import Beat, LeaseShown
from switchyard.surfaces.runs.surface import RUNS


@endpoint(
    RUNS,
    "runs.heartbeat",
    "POST /v1/runs/{task_id}/{run_id}/heartbeat",
    scopes=("tasks:write",),
    body=Beat,
    reply=LeaseShown,
    body_optional=True,
)
def handler(call: Call[Beat]) -> Reply:
    """Extend the lease on a run that the caller holds: a heartbeat."""
    return claims.heartbeat(call)
