"""PATCH /v1/projects/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import changes
from switchyard.surfaces.administration.models import UpdateProject
from switchyard.surfaces.administration.replies import ProjectShown
from switchyard.surfaces.administration.surface import ADMINISTRATION


@endpoint(
    ADMINISTRATION,
    "administration.update_project",
    "PATCH /v1/projects/{id}",
    scopes=("settings:admin",),
    body=UpdateProject,
    shown=changes.shown_project,
    reply=ProjectShown,
)
def handler(call: Call[UpdateProject]) -> Reply:
    """Rename a project, archive it, or take it up again."""
    return changes.update_project(call)
