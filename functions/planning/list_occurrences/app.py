"""GET /v1/schedules/{id}/occurrences"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.planning import schedules
from switchyard.surfaces.planning.schedule_models import ListOccurrences, OccurrencePage
from switchyard.surfaces.planning.surface import PLANNING


@endpoint(
    PLANNING,
    "planning.list_occurrences",
    "GET /v1/schedules/{id}/occurrences",
    scopes=("tasks:read",),
    query=ListOccurrences,
    reply=OccurrencePage,
)
def handler(call: Call[None, ListOccurrences]) -> Reply:
    """List what became of a schedule's occurrences, newest first."""
    return schedules.occurrences(call)
