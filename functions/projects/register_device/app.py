"""POST /api/users/{user}/push_tokens"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import devices
from switchyard.surfaces.projects.device_models import DeviceShown, RegisterDevice
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.register_device",
    "POST /api/users/{user}/push_tokens",
    scopes=("user:write",),
    body=RegisterDevice,
    reply=DeviceShown,
)
def handler(call: Call[RegisterDevice]) -> Reply:
    """Register a device of the caller for push; `{user}` is `@me`."""
    return devices.register(call)
