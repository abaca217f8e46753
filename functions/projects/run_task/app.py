"""POST /api/projects/{project}/tasks/{task_id}/run"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_starts, scope
from switchyard.surfaces.projects.replies import TaskShown
from switchyard.surfaces.projects.run_models import RunTask
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.run_task",
    "POST /api/projects/{project}/tasks/{task_id}/run",
    scopes=("tasks:write",),
    body=RunTask,
    shown=lambda _: run_starts.NEW,
    reply=TaskShown,
    body_optional=True,
    reads=scope.rows_of_path,
)
def handler(call: Call[RunTask]) -> Reply:
    """Start a run of a task in the cloud."""
    return run_starts.run_task(call)
