"""GET /v1/members"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import listing
from switchyard.surfaces.administration.models import ListMembers
from switchyard.surfaces.administration.replies import MemberPage
from switchyard.surfaces.administration.surface import ADMINISTRATION


@endpoint(
    ADMINISTRATION,
    "administration.list_members",
    "GET /v1/members",
    scopes=("tasks:read", "settings:admin"),
    query=ListMembers,
    reply=MemberPage,
)
def handler(call: Call[None, ListMembers]) -> Reply:
    """List the people and agents whom the tenant knows, to assign work to."""
    return Reply(200, listing.all_members(call.unit.table, call.actor.tenant_id, call.query))
