"""GET /api/users/{user}/push_tokens"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import devices
from switchyard.surfaces.projects.device_models import DeviceList
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.list_devices",
    "GET /api/users/{user}/push_tokens",
    scopes=("user:write",),
    reply=DeviceList,
)
def handler(call: Call) -> Reply:
    """List the devices of the caller for push, all at once; `{user}` is `@me`."""
    return devices.list_all(call)
