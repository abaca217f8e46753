"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/append_log"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_logs, scope
from switchyard.surfaces.projects.log_models import AppendLog
from switchyard.surfaces.projects.replies import RunShown
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.append_log",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/append_log",
    scopes=("tasks:write",),
    body=AppendLog,
    reply=RunShown,
    reads=scope.rows_of_path,
)
def handler(call: Call[AppendLog]) -> Reply:
    """Append entries to a run's log, which counts as a heartbeat of the run."""
    return run_logs.append(call)
