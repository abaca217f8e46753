"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/relay_message"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import run_messages, scope
from switchyard.surfaces.projects.replies import Relayed
from switchyard.surfaces.projects.run_models import RelayMessage
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.relay_message",
    "POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/relay_message",
    scopes=("tasks:write",),
    body=RelayMessage,
    reply=Relayed,
    reads=scope.rows_of_path,
)
def handler(call: Call[RelayMessage]) -> Reply:
    """Deliver a message to a run that waits for an answer; skip it otherwise."""
    return run_messages.relay_message(call)
