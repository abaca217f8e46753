"""POST /api/projects/{project}/tasks/{task_id}/runs"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_starts, scope
from switchyard.surfaces.projects.replies import RunShown
from switchyard.surfaces.projects.run_models import CreateRun
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.create_run",
    "POST /api/projects/{project}/tasks/{task_id}/runs",
    scopes=("tasks:write",),
    body=CreateRun,
    shown=lambda _: run_starts.NEW,
    reply=RunShown,
    status=201,
    body_optional=True,
    reads=scope.rows_of_path,
)
def handler(call: Call[CreateRun]) -> Reply:
    """Create a run that is started later."""
    return run_starts.create(call)
