"""POST /api/v1/webhooks/{id}/rotate"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import webhooks
from switchyard.surfaces.pool.surface import POOL
from switchyard.surfaces.pool.webhook_models import WebhookWithSecret


@endpoint(
    POOL,
    "pool.rotate_webhook",
    "POST /api/v1/webhooks/{id}/rotate",
    scopes=("settings:admin",),
    reply=WebhookWithSecret,
)
def handler(call: Call) -> Reply:
    """Give an endpoint a new secret; the former one stays valid for 24 hours."""
    return webhooks.rotate(call)
