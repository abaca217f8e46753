"""PATCH /api/projects/{project}/tasks/{task_id}/runs/{run_id}/set_output"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import runs, scope
from switchyard.surfaces.projects.replies import RunShown
from switchyard.surfaces.projects.run_models import SetOutput
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.set_run_output",
    "PATCH /api/projects/{project}/tasks/{task_id}/runs/{run_id}/set_output",
    scopes=("tasks:write",),
    body=SetOutput,
    reply=RunShown,
    reads=scope.rows_of_path,
)
def handler(call: Call[SetOutput]) -> Reply:
    """Replace a run's output, checked against the task's JSON Schema."""
    return runs.set_output(call)
