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
    "task.commented",
    "task.*",
    "goal.created",
    "goal.updated",
    "goal.status_changed",
    "goal.completed",
    "goal.deleted",
    "goal.commented",
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
    "schedule.created",
    "schedule.updated",
    "schedule.deleted",
    "schedule.occurred",
    "schedule.*",
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
Events = Annotated[list[Event], Field(min_length=1, max_length=30), Distinct]
Description = Annotated[str, Field(max_length=200), OneLine]


class CreateWebhook(CamelBody):
    url: Url  #: Where to post events: an https URL of a public host.
    events: Events  #: Which events to post; `task.*` stands for all of tasks.
    description: Description = ""  #: What the endpoint is for; 200 characters at most.
    enabled: bool = True  #: Whether events are posted.


class UpdateWebhook(CamelBody):
    """Enabling again what was disabled forgets the reason."""

    url: Url = ABSENT  #: Where to post events: an https URL of a public host.
    events: Events = ABSENT  #: Which events to post, in place of those before.
    description: Description = ABSENT  #: What the endpoint is for; 200 characters at most.
    enabled: bool = ABSENT  #: Whether events are posted; true forgets why it was disabled.


class WebhookPaging(Query):
    limit: Limit = 50
    cursor: Cursor = ABSENT


class WebhookShown(CamelShown):
    id: str  #: Id of the endpoint: `hook_` and a UUID.
    url: str  #: Where events are posted.
    events: list[Event]  #: Which events are posted.
    description: str  #: What the endpoint is for.
    enabled: bool  #: Whether events are posted.
    disabled_reason: str | None  #: Why the service disabled it; null if it did not.
    former_secret_until: str | None  #: Until when the secret before signs too: an instant in UTC; null for no longer.
    created_by: str  #: Id of the actor who created it.
    created_at: str  #: When it was created: an instant in UTC.
    updated_at: str  #: When it last changed: an instant in UTC.


class WebhookWithSecret(WebhookShown):
    """The secret is shown here, and never again: null when the same idempotency key is sent again."""

    #: What signs the deliveries (`whsec_…`), shown this once; null when the same idempotency key is sent again.
    secret: str | None


class WebhookPage(CamelShown):
    items: list[WebhookShown]  #: The page's entries, in the list's order.
    next_cursor: str | None  #: `cursor` of the next page; null at the end of the list.


class DeliveryShown(CamelShown):
    """`status` is failed after the last attempt, or when the endpoint is gone; it can be redelivered then."""

    id: str  #: Id of the delivery: `delivery_` and a UUID.
    event_id: str  #: Id of the event, the same at every endpoint: the header webhook-id.
    event: str  #: Type of the event.
    #: `failed` after the last attempt, or when the endpoint is gone; it can be redelivered then.
    status: Literal["pending", "delivered", "failed"]
    attempts: int  #: How often it was tried.
    redeliveries: int  #: How often somebody asked for it again.
    response_status: int | None  #: HTTP status of the endpoint's latest answer; null for no answer.
    error: str | None  #: Why the latest attempt failed; null if it did not.
    created_at: str  #: When it was created: an instant in UTC.
    attempted_at: str | None  #: When the latest attempt was made: an instant in UTC.
    next_attempt_at: str | None  #: When the next attempt is made: an instant in UTC; null for none.
    delivered_at: str | None  #: When the endpoint took it: an instant in UTC; null until then.


class DeliveryPage(CamelShown):
    items: list[DeliveryShown]  #: The page's entries, in the list's order.
    next_cursor: str | None  #: `cursor` of the next page; null at the end of the list.
