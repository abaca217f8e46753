"""POST /v1/tasks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.followups import present, tasks
from switchyard.surfaces.followups.models import CreateTask
from switchyard.surfaces.followups.replies import OneTask
from switchyard.surfaces.followups.surface import FOLLOWUPS


@endpoint(
    FOLLOWUPS,
    "followups.create_task",
    "POST /v1/tasks",
    scopes=("tasks:write",),
    body=CreateTask,
    shown=lambda _: present.NEW,
    key_field="idempotency_key",
    reply=OneTask,
    status=201,
    versioned=True,
)
def handler(call: Call[CreateTask]) -> Reply:
    """Create an open task."""
    return present.one(call, tasks.create(call.unit, call.body), status=201)
