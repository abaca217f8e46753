"""GET /api/projects/{project}/tasks/{task_id}/runs/{run_id}/stream"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_stream, scope
from switchyard.surfaces.projects.log_models import StreamLog
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.stream_run",
    "GET /api/projects/{project}/tasks/{task_id}/runs/{run_id}/stream",
    scopes=("tasks:read", "tasks:write"),
    query=StreamLog,
    media=run_stream.EVENT_STREAM,
    empty=204,
    reads=scope.rows_of_path,
)
def handler(call: Call[None, StreamLog]) -> Reply:
    """Follow a run as server-sent events: those after Last-Event-ID, or the next ones within a short wait."""
    return run_stream.stream(call)
