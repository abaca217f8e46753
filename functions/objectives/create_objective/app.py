"""POST /v1/workspaces/{workspaceId}/objectives"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.objectives import objectives, present
from switchyard.surfaces.objectives.models import CreateObjective
from switchyard.surfaces.objectives.replies import Objective
from switchyard.surfaces.objectives.surface import OBJECTIVES


@endpoint(
    OBJECTIVES,
    "objectives.create_objective",
    "POST /v1/workspaces/{workspaceId}/objectives",
    scopes=("tasks:write",),
    body=CreateObjective,
    shown=lambda _: present.NEW,
    reply=Objective,
    versioned=True,
)
def handler(call: Call[CreateObjective]) -> Reply:
    """Create an objective that everyone in the workspace sees."""
    return objectives.create(call)
