"""POST /v1/workspaces/{workspaceId}/objectives/{objectiveId}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.objectives import objectives
from switchyard.surfaces.objectives.models import ActOnObjective
from switchyard.surfaces.objectives.replies import Acted
from switchyard.surfaces.objectives.surface import OBJECTIVES


@endpoint(
    OBJECTIVES,
    "objectives.act_on_objective",
    "POST /v1/workspaces/{workspaceId}/objectives/{objectiveId}",
    scopes=("tasks:write",),
    body=ActOnObjective,
    body_optional=True,
    reply=Acted,
    versioned=True,
    reads=objectives.rows_of_path,
)
def handler(call: Call[ActOnObjective]) -> Reply:
    """Cancel an objective (`obj_…:cancel`) or continue it with a message (`obj_…:continue`)."""
    return objectives.act(call)
