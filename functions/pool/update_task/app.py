"""PATCH /api/v1/tasks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.pool import tasks
from switchyard.surfaces.pool.models import TaskShown, UpdateTask
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.update_task",
    "PATCH /api/v1/tasks/{id}",
    scopes=("tasks:write",),
    body=UpdateTask,
    shown=tasks.shown,
    reply=TaskShown,
    versioned=True,
    wants=tasks.wanted,
    reads=the_track,
)
def handler(call: Call[UpdateTask]) -> Reply:
    """Change a task: absent fields keep their values, null clears them."""
    return tasks.update(call)
