"""GET /v1/tokens"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import listing
from switchyard.surfaces.administration.models import Paging
from switchyard.surfaces.administration.replies import TokenPage
from switchyard.surfaces.administration.surface import ADMINISTRATION


@endpoint(
    ADMINISTRATION,
    "administration.list_tokens",
    "GET /v1/tokens",
    scopes=("settings:admin",),
    query=Paging,
    reply=TokenPage,
)
def handler(call: Call[None, Paging]) -> Reply:
    """List the tenant's tokens, newest first, without their secrets."""
    return Reply(200, listing.all_tokens(call.unit.table, call.actor.tenant_id, call.query))
