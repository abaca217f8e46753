"""GET /api/projects/{project}/tasks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import listing
from switchyard.surfaces.projects.models import ListTasks
from switchyard.surfaces.projects.replies import TasksPage
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.list_tasks",
    "GET /api/projects/{project}/tasks",
    scopes=("tasks:read", "tasks:write"),
    query=ListTasks,
    reply=TasksPage,
)
def handler(call: Call[None, ListTasks]) -> Reply:
    """List the tasks of a project that fit the filters, newest first."""
    return listing.list_tasks(call)
