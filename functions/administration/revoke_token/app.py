"""DELETE /v1/tokens/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.administration import changes
from switchyard.surfaces.administration.surface import ADMINISTRATION


@endpoint(
    ADMINISTRATION,
    "administration.revoke_token",
    "DELETE /v1/tokens/{id}",
    scopes=("settings:admin",),
    status=204,
)
def handler(call: Call) -> Reply:
    """Revoke a token; it is refused everywhere within 30 seconds."""
    return changes.revoke_token(call)
