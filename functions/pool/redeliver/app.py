"""POST /api/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.surfaces.pool import webhooks
from switchyard.surfaces.pool.surface import POOL
from switchyard.surfaces.pool.webhook_models import DeliveryShown


@endpoint(
    POOL,
    "pool.redeliver",
    "POST /api/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver",
    scopes=("settings:admin",),
    # The endpoint receives events of every shared task.
    also=("tasks:read",),
    reply=DeliveryShown,
    status=202,
)
def handler(call: Call) -> Reply:
    """Send a delivery again, with all its attempts."""
    return webhooks.redeliver(call)
