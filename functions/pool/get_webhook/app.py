"""GET /api/v1/webhooks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import webhooks
from switchyard.surfaces.pool.surface import POOL
from switchyard.surfaces.pool.webhook_models import WebhookShown


@endpoint(
    POOL,
    "pool.get_webhook",
    "GET /api/v1/webhooks/{id}",
    scopes=("settings:admin",),
    reply=WebhookShown,
)
def handler(call: Call) -> Reply:
    """Read one endpoint."""
    return webhooks.read(call)
