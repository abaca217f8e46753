"""GET /api/projects/{project}/tasks/{task_id}/runs/{run_id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import runs, scope
from switchyard.surfaces.projects.replies import RunShown
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.get_run",
    "GET /api/projects/{project}/tasks/{task_id}/runs/{run_id}",
    scopes=("tasks:read", "tasks:write"),
    reply=RunShown,
    reads=scope.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Read one run."""
    return runs.read(call)
