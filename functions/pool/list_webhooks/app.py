"""GET /api/v1/webhooks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import webhooks
from switchyard.surfaces.pool.surface import POOL
from switchyard.surfaces.pool.webhook_models import WebhookPage, WebhookPaging


@endpoint(
    POOL,
    "pool.list_webhooks",
    "GET /api/v1/webhooks",
    scopes=("settings:admin",),
    query=WebhookPaging,
    reply=WebhookPage,
)
def handler(call: Call[None, WebhookPaging]) -> Reply:
    """List the organization's endpoints, newest first."""
    return webhooks.list_all(call)
