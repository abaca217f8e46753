"""POST /api/projects/{project}/tasks/{task_id}/runs/{run_id}/relay_message"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import runs
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
    keyed=False,
)
def handler(call: Call[RelayMessage]) -> Reply:
    """Accept a chat message, and skip it: there is no chat."""
    return runs.relay_message(call)
