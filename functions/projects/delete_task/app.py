"""DELETE /api/projects/{project}/tasks/{task_id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import scope, tasks
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.delete_task",
    "DELETE /api/projects/{project}/tasks/{task_id}",
    scopes=("tasks:write",),
    status=204,
    versioned=True,
    reads=scope.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Delete a task: gone at once on every surface."""
    return tasks.delete(call)
