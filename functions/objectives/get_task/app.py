"""GET /v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.objectives import tasks
from switchyard.surfaces.objectives.replies import ObjectiveTask
from switchyard.surfaces.objectives.surface import OBJECTIVES


@endpoint(
    OBJECTIVES,
    "objectives.get_task",
    "GET /v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks/{id}",
    scopes=("tasks:read",),
    reply=ObjectiveTask,
    versioned=True,
)
def handler(call: Call) -> Reply:
    """Read a task of an objective."""
    return tasks.retrieve(call)
