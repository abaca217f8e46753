"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/cancel"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import runs, scope
from switchyard.surfaces.projects.replies import RunShown
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.cancel_run",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/cancel",
    scopes=("tasks:write",),
    reply=RunShown,
    reads=scope.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Cancel a run, whoever works on it."""
    return runs.cancel(call)
