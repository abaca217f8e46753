"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/resume_in_cloud"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_starts, scope
from switchyard.surfaces.projects.replies import RunShown
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.resume_run_in_cloud",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/resume_in_cloud",
    scopes=("tasks:write",),
    reply=RunShown,
    reads=scope.rows_of_path,
)
def handler(call: Call) -> Reply:
    """Give a run back to the cloud."""
    return run_starts.resume_in_cloud(call)
