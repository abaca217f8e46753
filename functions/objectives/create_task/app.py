"""POST /v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.objectives import objectives, tasks
from switchyard.surfaces.objectives.models import CreateTask
from switchyard.surfaces.objectives.replies import ObjectiveTask
from switchyard.surfaces.objectives.surface import OBJECTIVES


@endpoint(
    OBJECTIVES,
    "objectives.create_task",
    "POST /v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks",
    scopes=("tasks:write",),
    body=CreateTask,
    shown=lambda _: tasks.NEW,
    reply=ObjectiveTask,
    versioned=True,
    reads=objectives.rows_of_path,
)
def handler(call: Call[CreateTask]) -> Reply:
    """Add a task to an objective; it gets the next number."""
    return tasks.create(call)
