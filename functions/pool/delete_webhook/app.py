"""DELETE /api/v1/webhooks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import webhooks
from switchyard.surfaces.pool.surface import POOL


@endpoint(
    POOL,
    "pool.delete_webhook",
    "DELETE /api/v1/webhooks/{id}",
    scopes=("settings:admin",),
    status=204,
)
def handler(call: Call) -> Reply:
    """Delete an endpoint."""
    return webhooks.delete(call)
