"""PATCH /api/projects/{project}/tasks/{task_id}/runs/{run_id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import runs, scope
from switchyard.surfaces.projects.replies import RunShown
from switchyard.surfaces.projects.run_models import UpdateRun
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.update_run",
    "PATCH /api/projects/{project}/tasks/{task_id}/runs/{run_id}",
    scopes=("tasks:write",),
    body=UpdateRun,
    shown=runs.shown,
    reply=RunShown,
    reads=scope.rows_of_path,
)
def handler(call: Call[UpdateRun]) -> Reply:
    """Change a run: its status, stage, branch, and merge into its state and output."""
    return runs.update(call)
