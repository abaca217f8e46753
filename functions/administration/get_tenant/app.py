"""GET /v1/tenant"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import changes
from switchyard.surfaces.administration.replies import TenantShown
from switchyard.surfaces.administration.surface import ADMINISTRATION


@endpoint(
    ADMINISTRATION,
    "administration.get_tenant",
    "GET /v1/tenant",
    scopes=("settings:admin",),
    reply=TenantShown,
)
def handler(call: Call) -> Reply:
    """Read the token's tenant and its settings."""
    return Reply(200, changes.shown_tenant(call))
