"""DELETE /api/v1/tasks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.pool import tasks
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.delete_task",
    "DELETE /api/v1/tasks/{id}",
    scopes=("tasks:write",),
    status=204,
    versioned=True,
    reads=the_track,
)
def handler(call: Call) -> Reply:
    """Delete a task: gone at once on every surface."""
    return tasks.delete(call)
