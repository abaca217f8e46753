"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/command"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import runs
from switchyard.surfaces.projects.run_models import Command
from switchyard.surfaces.projects.surface import PROJECTS, ProjectsError


@endpoint(
    PROJECTS,
    "projects.send_command",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/command",
    scopes=("tasks:write",),
    body=Command,
    reply=ProjectsError,
    status=400,
    keyed=False,
)
def handler(call: Call[Command]) -> Reply:
    """Refuse a sandbox command: there are no sandboxes."""
    return runs.send_command(call)
