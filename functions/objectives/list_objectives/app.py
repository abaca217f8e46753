"""GET /v1/workspaces/{workspaceId}/objectives"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.objectives import objectives
from switchyard.surfaces.objectives.models import ListObjectives
from switchyard.surfaces.objectives.replies import ObjectivePage
from switchyard.surfaces.objectives.surface import OBJECTIVES


@endpoint(
    OBJECTIVES,
    "objectives.list_objectives",
    "GET /v1/workspaces/{workspaceId}/objectives",
    scopes=("tasks:read",),
    query=ListObjectives,
    reply=ObjectivePage,
)
def handler(call: Call[None, ListObjectives]) -> Reply:
    """List objectives by creation time, newest first."""
    return objectives.list_objectives(call)
