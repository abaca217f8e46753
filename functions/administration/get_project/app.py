"""GET /v1/projects/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import changes
from switchyard.surfaces.administration.replies import ProjectShown
from switchyard.surfaces.administration.surface import ADMINISTRATION


@endpoint(
    ADMINISTRATION,
    "administration.get_project",
    "GET /v1/projects/{id}",
    scopes=("tasks:read", "settings:admin"),
    reply=ProjectShown,
)
def handler(call: Call) -> Reply:
    """Show a project of the tenant."""
    return Reply(200, changes.shown_project(call))
