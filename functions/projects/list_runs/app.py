"""GET /api/projects/{project}/tasks/{task_id}/runs"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import runs, scope
from switchyard.surfaces.projects.inputs import Paging
from switchyard.surfaces.projects.replies import RunsPage
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.list_runs",
    "GET /api/projects/{project}/tasks/{task_id}/runs",
    scopes=("tasks:read", "tasks:write"),
    query=Paging,
    reply=RunsPage,
    reads=scope.rows_of_path,
)
def handler(call: Call[None, Paging]) -> Reply:
    """List the runs of a task, newest first."""
    return runs.list_runs(call)
