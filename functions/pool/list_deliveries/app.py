"""GET /api/v1/webhooks/{id}/deliveries"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import webhooks
from switchyard.surfaces.pool.surface import POOL
from switchyard.surfaces.pool.webhook_models import DeliveryPage, WebhookPaging


@endpoint(
    POOL,
    "pool.list_deliveries",
    "GET /api/v1/webhooks/{id}/deliveries",
    scopes=("settings:admin",),
    query=WebhookPaging,
    reply=DeliveryPage,
)
def handler(call: Call[None, WebhookPaging]) -> Reply:
    """List the deliveries to an endpoint, newest event first."""
    return webhooks.deliveries(call)
