"""PATCH /v1/schedules/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import schedules
from switchyard.surfaces.planning.schedule_models import ScheduleShown, UpdateSchedule
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.update_schedule",
    "PATCH /v1/schedules/{id}",
    scopes=("tasks:write",),
    body=UpdateSchedule,
    shown=schedules.as_shown,
    reply=ScheduleShown,
)
def handler(call: Call[UpdateSchedule]) -> Reply:
    """Change, pause or resume a schedule: absent fields keep their values."""
    return schedules.update(call)
