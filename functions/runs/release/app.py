"""POST /v1/runs/{task_id}/{run_id}/release"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.runs import claims
from switchyard.surfaces.runs.models import LeaseShown
from switchyard.surfaces.runs.surface import RUNS, rows_of_path


@endpoint(
    RUNS,
    "runs.release",
    "POST /v1/runs/{task_id}/{run_id}/release",
    scopes=("tasks:write",),
    reply=LeaseShown,
    reads=rows_of_path,
)
def handler(call: Call) -> Reply:
    """Release a run that the caller holds: it is offered again."""
    return claims.release(call)
