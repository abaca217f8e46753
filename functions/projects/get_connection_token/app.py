"""GET /api/projects/{project}/tasks/{task_id}/runs/{run_id}/connection_token"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import runs, scope
from switchyard.surfaces.projects.surface import PROJECTS, ProjectsError


@endpoint(
    PROJECTS,
    "projects.get_connection_token",
    "GET /api/projects/{project}/tasks/{task_id}/runs/{run_id}/connection_token",
    scopes=("tasks:write",),
    reply=ProjectsError,
    status=400,
    reads=scope.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Refuse a sandbox token: there are no sandboxes."""
    return runs.connection_token(call)
