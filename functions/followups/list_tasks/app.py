"""GET /v1/tasks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.followups import present, tasks
from switchyard.surfaces.followups.models import ListTasks
from switchyard.surfaces.followups.replies import TaskPage
from switchyard.surfaces.followups.surface import FOLLOWUPS


@endpoint(
    FOLLOWUPS,
    "followups.list_tasks",
    "GET /v1/tasks",
    scopes=("tasks:read",),
    query=ListTasks,
    reply=TaskPage,
)
def handler(call: Call[None, ListTasks]) -> Reply:
    """List tasks by status, assignee, due date or related resource."""
    return present.many(call, *tasks.page(call.unit, call.query))
