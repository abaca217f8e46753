"""Wire models of the pool's webhooks (docs/webhooks.md)."""

from typing import Annotated, Literal

from switchyard.http.models import Field, Query, Rule
from switchyard.http.validation import Expectation
from switchyard.pipeline import receivers
from switchyard.surfaces.inputs import ABSENT, CamelBody, Cursor, Distinct, Limit, OneLine
from switchyard.surfaces.outputs import CamelShown

Event = Literal[
    "task.created",
    "task.updated",
    "task.status_changed",
    "task.completed",
    "task.assigned",
    "task.deleted",
    "task.stuck",
    "task.*",
    "goal.created",
    "goal.updated",
    "goal.status_changed",
    "goal.completed",
    "goal.deleted",
    "goal.*",
    "run.queued",
    "run.dispatched",
    "run.started",
    "run.asked",
    "run.answered",
    "run.completed",
    "run.failed",
    "run.cancelled",
    "run.*",
]


def _receiver(url: str) -> str:
    try:
        receivers.check_url(url)
    except receivers.BadUrl as problem:
        raise Expectation(str(problem), "an https URL of a public host", "url") from None
    return url


#: The host is a public one: a name with a dot, or an address.
_HOST = r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]{1,4})?"
_PATH = r"/([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_HTTPS = {"format": "uri", "pattern": f"^https://{_HOST}({_PATH})?$"}
Url = Annotated[str, Field(min_length=1, max_length=receivers.URL_MAX), Rule(_receiver, _HTTPS)]
Events = Annotated[list[Event], Field(min_length=1, max_length=25), Distinct]
Description = Annotated[str, Field(max_length=200), OneLine]


class CreateWebhook(CamelBody):
    url: Url
    events: Events
    description: Description = ""
    enabled: bool = True


class UpdateWebhook(CamelBody):
    """Enabling again what was disabled forgets the reason."""

    url: Url = ABSENT
    events: Events = ABSENT
    description: Description = ABSENT
    enabled: bool = ABSENT


class WebhookPaging(Query):
    limit: Limit = 50
    cursor: Cursor = ABSENT


class WebhookShown(CamelShown):
    id: str
    url: str
    events: list[Event]
    description: str
    enabled: bool
    disabled_reason: str | None
    former_secret_until: str | None
    created_by: str
    created_at: str
    updated_at: str


class WebhookWithSecret(WebhookShown):
    """The secret is shown here, and never again: null when the same idempotency key is sent again."""

    secret: str | None


class WebhookPage(CamelShown):
    items: list[WebhookShown]
    next_cursor: str | None


class DeliveryShown(CamelShown):
    """`status` is failed after the last attempt, or when the endpoint is gone; it can be redelivered then."""

    id: str
    event_id: str
    event: str
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    redeliveries: int
    response_status: int | None
    error: str | None
    created_at: str
    attempted_at: str | None
    next_attempt_at: str | None
    delivered_at: str | None


class DeliveryPage(CamelShown):
    items: list[DeliveryShown]
    next_cursor: str | None
