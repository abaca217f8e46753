"""DELETE /v1/schedules/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import schedules
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(PLANNING, "planning.delete_schedule", "DELETE /v1/schedules/{id}", scopes=("tasks:write",), status=204)
def handler(call: Call) -> Reply:
    """Delete a schedule: nothing begins by it any more; what it began stays."""
    return schedules.delete(call)
