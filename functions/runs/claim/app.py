"""POST /v1/runs/claim"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.runs import claims
from switchyard.surfaces.runs.models import Claim, ClaimedRun
from switchyard.surfaces.runs.surface import RUNS


@endpoint(
    RUNS,
    "runs.claim",
    "POST /v1/runs/claim",
    scopes=("tasks:write",),
    body=Claim,
    reply=ClaimedRun,
    body_optional=True,
    empty=204,
)
def handler(call: Call[Claim]) -> Reply:
    """Claim the next run that is offered to the caller, or wait for one; 204 when there is none."""
    return claims.claim(call)
