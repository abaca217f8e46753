"""POST /api/projects/{project}/tasks/{task_id}/presence"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import devices
from switchyard.surfaces.projects.device_models import BeatPresence
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.beat_presence",
    "POST /api/projects/{project}/tasks/{task_id}/presence",
    scopes=("tasks:write",),
    body=BeatPresence,
    status=204,
    keyed=False,
)
def handler(call: Call[BeatPresence]) -> Reply:
    """Report that a device of the caller shows the task, for the next 60 seconds."""
    return devices.beat(call)
