"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/command"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_messages, scope
from switchyard.surfaces.projects.replies import CommandResult
from switchyard.surfaces.projects.run_models import Command
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.send_command",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/command",
    scopes=("tasks:write",),
    body=Command,
    reply=CommandResult,
    reads=scope.rows_of_path,
)
def handler(call: Call[Command]) -> Reply:
    """Deliver a command to a run that waits for an answer; refuse it otherwise: there are no sandboxes."""
    return run_messages.send_command(call)
