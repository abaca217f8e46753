"""GET /v1/workspaces/{workspaceId}/objectives/{objectiveId}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.objectives import objectives
from switchyard.surfaces.objectives.replies import Objective
from switchyard.surfaces.objectives.surface import OBJECTIVES


@endpoint(
    OBJECTIVES,
    "objectives.get_objective",
    "GET /v1/workspaces/{workspaceId}/objectives/{objectiveId}",
    scopes=("tasks:read",),
    reply=Objective,
    versioned=True,
    reads=objectives.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Read an objective by its id or its external id."""
    return objectives.retrieve(call)
