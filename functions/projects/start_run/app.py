"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/start"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_starts, scope
from switchyard.surfaces.projects.replies import TaskShown
from switchyard.surfaces.projects.run_models import StartRun
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.start_run",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/start",
    scopes=("tasks:write",),
    body=StartRun,
    reply=TaskShown,
    body_optional=True,
    reads=scope.rows_of_path,
)
def handler(call: Call[StartRun]) -> Reply:
    """Start a cloud run that was created before."""
    return run_starts.start(call)
