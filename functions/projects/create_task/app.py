"""POST /api/projects/{project}/tasks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import tasks
from switchyard.surfaces.projects.models import TaskFields
from switchyard.surfaces.projects.replies import TaskShown
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.create_task",
    "POST /api/projects/{project}/tasks",
    scopes=("tasks:write",),
    body=TaskFields,
    shown=lambda _: tasks.NEW,
    reply=TaskShown,
    status=201,
    versioned=True,
)
def handler(call: Call[TaskFields]) -> Reply:
    """Create a task in a project."""
    return tasks.create(call)
