"""DELETE /api/projects/{project}/tasks/{task_id}/presence"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import devices
from switchyard.surfaces.projects.device_models import EndPresence, EndPresenceParams
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.end_presence",
    "DELETE /api/projects/{project}/tasks/{task_id}/presence",
    scopes=("tasks:write",),
    body=EndPresence,
    body_optional=True,
    query=EndPresenceParams,
    status=204,
    keyed=False,
)
def handler(call: Call[EndPresence, EndPresenceParams]) -> Reply:
    """Report that a device of the caller, or all of them, no longer show the task."""
    return devices.leave(call)
