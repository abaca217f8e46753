"""GET /v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.objectives import objectives, tasks
from switchyard.surfaces.objectives.replies import ObjectiveTask
from switchyard.surfaces.objectives.surface import OBJECTIVES


@endpoint(
    OBJECTIVES,
    "objectives.get_task",
    "GET /v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks/{id}",
    scopes=("tasks:read",),
    reply=ObjectiveTask,
    versioned=True,
    reads=objectives.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Read a task of an objective."""
    return tasks.retrieve(call)
