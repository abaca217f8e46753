"""GET /api/projects/{project}/tasks/{task_id}/notifications"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import notifications, scope
from switchyard.surfaces.projects.device_models import ListNotifications, NotificationPage
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.list_notifications",
    "GET /api/projects/{project}/tasks/{task_id}/notifications",
    scopes=("tasks:read", "tasks:write"),
    query=ListNotifications,
    reply=NotificationPage,
    reads=scope.rows_of_path,
)
def handler(call: Call[None, ListNotifications]) -> Reply:
    """List the notifications of the task's runs, sent or not, with the reason, newest first."""
    return notifications.of_task(call)
