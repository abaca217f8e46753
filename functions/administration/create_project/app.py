"""POST /v1/projects"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import changes
from switchyard.surfaces.administration.models import CreateProject
from switchyard.surfaces.administration.replies import ProjectShown
from switchyard.surfaces.administration.surface import ADMINISTRATION


@endpoint(
    ADMINISTRATION,
    "administration.create_project",
    "POST /v1/projects",
    scopes=("settings:admin",),
    body=CreateProject,
    shown=lambda _: changes.NEW_PROJECT,
    reply=ProjectShown,
    status=201,
)
def handler(call: Call[CreateProject]) -> Reply:
    """Create a project, with the tenant's next number."""
    return changes.create_project(call)
