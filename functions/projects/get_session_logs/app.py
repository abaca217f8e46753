"""GET /api/projects/{project}/tasks/{task_id}/runs/{run_id}/session_logs"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_logs, scope
from switchyard.surfaces.projects.log_models import SessionLogs, SessionLogsShown
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.get_session_logs",
    "GET /api/projects/{project}/tasks/{task_id}/runs/{run_id}/session_logs",
    scopes=("tasks:read", "tasks:write"),
    query=SessionLogs,
    reply=SessionLogsShown,
    reads=scope.rows_of_path,
)
def handler(call: Call[None, SessionLogs]) -> Reply:
    """Read a page of the entries of a run's log, by time and type."""
    return run_logs.session(call)
