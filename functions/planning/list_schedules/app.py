"""GET /v1/schedules"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.inputs import Paging
from switchyard.surfaces.planning import schedules
from switchyard.surfaces.planning.schedule_models import SchedulePage
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.list_schedules",
    "GET /v1/schedules",
    scopes=("tasks:read",),
    query=Paging,
    reply=SchedulePage,
)
def handler(call: Call[None, Paging]) -> Reply:
    """List the schedules that the caller may see, newest first."""
    return schedules.page(call)
