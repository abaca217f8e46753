"""PATCH /api/v1/webhooks/{id}"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import webhooks
from switchyard.surfaces.pool.surface import POOL
from switchyard.surfaces.pool.webhook_models import UpdateWebhook, WebhookShown


@endpoint(
    POOL,
    "pool.update_webhook",
    "PATCH /api/v1/webhooks/{id}",
    scopes=("settings:admin",),
    # The endpoint receives events of every shared task.
    also=("tasks:read",),
    body=UpdateWebhook,
    shown=webhooks.shown,
    reply=WebhookShown,
)
def handler(call: Call[UpdateWebhook]) -> Reply:
    """Change an endpoint; enabling it clears the reason why it was disabled."""
    return webhooks.update(call)
