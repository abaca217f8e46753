"""GET /api/v1/tasks/ready"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import claims
from switchyard.surfaces.pool.models import ReadyTasks, TasksShown
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.list_ready",
    "GET /api/v1/tasks/ready",
    scopes=("tasks:read",),
    query=ReadyTasks,
    reply=TasksShown,
)
def handler(call: Call[None, ReadyTasks]) -> Reply:
    """List the tasks that the caller can claim now, urgent first, then oldest."""
    return claims.list_ready(call)
