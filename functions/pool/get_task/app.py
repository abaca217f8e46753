"""GET /api/v1/tasks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.pool import tasks
from switchyard.surfaces.pool.models import TaskShown
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.get_task",
    "GET /api/v1/tasks/{id}",
    scopes=("tasks:read",),
    reply=TaskShown,
    versioned=True,
    reads=the_track,
)
def handler(call: Call) -> Reply:
    """Read one task."""
    return tasks.read(call)
