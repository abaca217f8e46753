"""POST /api/users/{user}/push_tokens/unregister"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import devices
from switchyard.surfaces.projects.device_models import UnregisterDevice
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.unregister_device",
    "POST /api/users/{user}/push_tokens/unregister",
    scopes=("user:write",),
    body=UnregisterDevice,
    status=204,
)
def handler(call: Call[UnregisterDevice]) -> Reply:
    """Unregister a device of the caller for push; `{user}` is `@me`."""
    return devices.unregister(call)
