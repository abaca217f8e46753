"""GET /v1/tasks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint, the_track
from switchyard.surfaces.followups import present, tasks
from switchyard.surfaces.followups.replies import OneTask
from switchyard.surfaces.followups.surface import FOLLOWUPS


@endpoint(
    FOLLOWUPS,
    "followups.get_task",
    "GET /v1/tasks/{id}",
    scopes=("tasks:read",),
    reply=OneTask,
    versioned=True,
    reads=the_track,
)
def handler(call: Call) -> Reply:
    """Read one task; its version is the ETag."""
    return present.one(call, tasks.find(call.unit, call.path["id"]))
