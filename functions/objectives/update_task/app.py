"""PATCH /v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.objectives import objectives, tasks
from switchyard.surfaces.objectives.models import UpdateTask
from switchyard.surfaces.objectives.replies import ObjectiveTask
from switchyard.surfaces.objectives.surface import OBJECTIVES


@endpoint(
    OBJECTIVES,
    "objectives.update_task",
    "PATCH /v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks/{id}",
    scopes=("tasks:write",),
    body=UpdateTask,
    shown=tasks.shown,
    reply=ObjectiveTask,
    versioned=True,
    wants=tasks.wanted,
    reads=objectives.rows_of_path,
)
def handler(call: Call[UpdateTask]) -> Reply:
    """Change a task's text, complete it, or reopen it."""
    return tasks.update(call)
