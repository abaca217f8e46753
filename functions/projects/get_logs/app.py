"""GET /api/projects/{project}/tasks/{task_id}/runs/{run_id}/logs"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_logs, scope
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.get_logs",
    "GET /api/projects/{project}/tasks/{task_id}/runs/{run_id}/logs",
    scopes=("tasks:read", "tasks:write"),
    media=run_logs.JSONL,
    empty=303,
    reads=scope.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Read a run's log, after the logs of the runs it resumed: JSON, an entry a line."""
    return run_logs.read(call)
