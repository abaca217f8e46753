"""GET /api/projects/{project}/tasks/{task_id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import scope, tasks
from switchyard.surfaces.projects.replies import TaskShown
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.get_task",
    "GET /api/projects/{project}/tasks/{task_id}",
    scopes=("tasks:read", "tasks:write"),
    reply=TaskShown,
    versioned=True,
    reads=scope.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Read one task with its latest run."""
    return tasks.read(call)
