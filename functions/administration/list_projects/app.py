"""GET /v1/projects"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import listing
from switchyard.surfaces.administration.models import Paging
from switchyard.surfaces.administration.replies import ProjectPage
from switchyard.surfaces.administration.surface import ADMINISTRATION


@endpoint(
    ADMINISTRATION,
    "administration.list_projects",
    "GET /v1/projects",
    scopes=("settings:admin",),
    query=Paging,
    reply=ProjectPage,
)
def handler(call: Call[None, Paging]) -> Reply:
    """List the tenant's projects, newest first."""
    return Reply(200, listing.all_projects(call.unit.table, call.actor.tenant_id, call.query))
