"""PATCH /v1/tenant"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import changes
from switchyard.surfaces.administration.models import UpdateTenant
from switchyard.surfaces.administration.replies import TenantShown
from switchyard.surfaces.administration.surface import ADMINISTRATION


@endpoint(
    ADMINISTRATION,
    "administration.update_tenant",
    "PATCH /v1/tenant",
    scopes=("settings:admin",),
    body=UpdateTenant,
    shown=changes.shown_tenant,
    reply=TenantShown,
)
def handler(call: Call[UpdateTenant]) -> Reply:
    """Change the settings of the token's tenant: absent ones keep their values."""
    return changes.update_tenant(call)
