"""POST /api/v1/webhooks"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import webhooks
from switchyard.surfaces.pool.surface import POOL
from switchyard.surfaces.pool.webhook_models import CreateWebhook, WebhookWithSecret


@endpoint(
    POOL,
    "pool.create_webhook",
    "POST /api/v1/webhooks",
    scopes=("settings:admin",),
    # The endpoint receives events of every shared task.
    also=("tasks:read",),
    body=CreateWebhook,
    shown=lambda _: webhooks.NEW,
    reply=WebhookWithSecret,
    status=201,
)
def handler(call: Call[CreateWebhook]) -> Reply:
    """Add an endpoint for events; its secret is shown once."""
    return webhooks.create(call)
