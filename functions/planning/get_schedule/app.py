"""GET /v1/schedules/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import schedules
from switchyard.surfaces.planning.schedule_models import ScheduleShown
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(PLANNING, "planning.get_schedule", "GET /v1/schedules/{id}", scopes=("tasks:read",), reply=ScheduleShown)
def handler(call: Call) -> Reply:
    """Show a schedule, with when it is due next."""
    return schedules.show(call)
