"""GET /api/projects/{project}/tasks/repositories"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.projects import listing
from switchyard.surfaces.projects.replies import Repositories
from switchyard.surfaces.projects.surface import PROJECTS


@endpoint(
    PROJECTS,
    "projects.list_repositories",
    "GET /api/projects/{project}/tasks/repositories",
    scopes=("tasks:read", "tasks:write"),
    reply=Repositories,
)
def handler(call: Call) -> Reply:
    """List the repositories that a project's tasks are about."""
    return listing.repositories(call)
