"""POST /api/v1/tasks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import tasks
from switchyard.surfaces.pool.models import CreateTask, TaskShown
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.create_task",
    "POST /api/v1/tasks",
    scopes=("tasks:write",),
    body=CreateTask,
    shown=lambda _: tasks.NEW,
    reply=TaskShown,
    status=201,
    versioned=True,
)
def handler(call: Call[CreateTask]) -> Reply:
    """Create a task in the organization's pool."""
    return tasks.create(call)
