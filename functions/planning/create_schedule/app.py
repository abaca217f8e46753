"""POST /v1/schedules"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import schedules
from switchyard.surfaces.planning.schedule_models import CreateSchedule, ScheduleShown
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.create_schedule",
    "POST /v1/schedules",
    scopes=("tasks:write",),
    body=CreateSchedule,
    shown=schedules.as_new,
    reply=ScheduleShown,
    status=201,
)
def handler(call: Call[CreateSchedule]) -> Reply:
    """Create a schedule, which begins work by itself; the answer shows when it is due next."""
    return schedules.create(call)
