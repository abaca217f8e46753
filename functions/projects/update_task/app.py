"""PATCH /api/projects/{project}/tasks/{task_id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import scope, tasks
from switchyard.surfaces.projects.models import TaskFields
from switchyard.surfaces.projects.replies import TaskShown
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.update_task",
    "PATCH /api/projects/{project}/tasks/{task_id}",
    scopes=("tasks:write",),
    body=TaskFields,
    shown=tasks.shown,
    reply=TaskShown,
    versioned=True,
    reads=scope.rows_of_path,
)
def handler(call: Call[TaskFields]) -> Reply:
    """Change a task: absent fields keep their values."""
    return tasks.update(call)
