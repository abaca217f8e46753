"""GET /api/v1/tasks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import listing
from switchyard.surfaces.pool.models import ListTasks, TasksShown
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.list_tasks",
    "GET /api/v1/tasks",
    scopes=("tasks:read",),
    query=ListTasks,
    reply=TasksShown,
)
def handler(call: Call[None, ListTasks]) -> Reply:
    """List the tasks that fit the filters, newest first."""
    return listing.list_tasks(call)
