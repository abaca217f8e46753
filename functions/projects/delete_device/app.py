"""DELETE /api/users/{user}/push_tokens/{device_id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import devices
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.delete_device",
    "DELETE /api/users/{user}/push_tokens/{device_id}",
    scopes=("user:write",),
    status=204,
)
def handler(call: Call) -> Reply:
    """Unregister a device of the caller by its id, such as one that was lost; `{user}` is `@me`."""
    return devices.delete(call)
