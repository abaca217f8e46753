"""GET /v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.objectives import objectives, tasks
from switchyard.surfaces.objectives.models import ListTasks
from switchyard.surfaces.objectives.replies import TaskPage
from switchyard.surfaces.objectives.surface import OBJECTIVES


@endpoint(
    OBJECTIVES,
    "objectives.list_tasks",
    "GET /v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks",
    scopes=("tasks:read",),
    query=ListTasks,
    reply=TaskPage,
    reads=objectives.rows_of_path,
)
def handler(call: Call[None, ListTasks]) -> Reply:
    """List an objective's tasks by their numbers."""
    return tasks.list_tasks(call)
