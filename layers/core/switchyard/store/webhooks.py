"""Webhook endpoints of a tenant, and the deliveries to each: one row for every event and endpoint."""

from collections.abc import Iterator
from typing import Any

from switchyard.domain import clock
from switchyard.domain.structs import Struct, replace
from switchyard.store import keys
from switchyard.store.codec import NEW, THERE, Codec
from switchyard.store.packing import COMPRESSED, texts
from switchyard.store.table import Item, Table

#: Seconds that a delivery is kept, to be looked at and sent again.
KEEP_SECONDS = 30 * 86_400
#: Seconds for which a secret still signs after it was replaced.
ROTATION_SECONDS = 86_400


class Webhook(Struct, kw_only=True):
    """An endpoint and the events it wants; `events` are names, or `task.*` for all of a kind."""

    tenant_id: str
    id: str
    url: str
    events: tuple[str, ...]
    description: str = ""
    enabled: bool = True
    disabled_reason: str | None = None
    secret: str
    former_secret: str | None = None
    former_until: str | None = None
    created_by: str
    created_at: str
    updated_at: str
    version: int = 1

    def wants(self, event: str) -> bool:
        """Return whether events of this name go to the endpoint."""
        kind = event.partition(".")[0]
        return self.enabled and (event in self.events or f"{kind}.*" in self.events)

    def secrets(self, now: str) -> list[str]:
        """Return the secrets that sign now, the newest first."""
        former = self.former_secret if self.former_until and self.former_until > now else None
        return [self.secret, former] if former else [self.secret]


ROWS = Codec(
    Webhook,
    lambda webhook: keys.webhook(webhook.tenant_id, webhook.id),
    columns={"events": texts(kept=True)},
)
to_item, from_item = ROWS.to_item, ROWS.from_item


def find(table: Table, tenant_id: str, webhook_id: str) -> Webhook | None:
    """Read an endpoint: 1 round trip."""
    item = table.get(*keys.webhook(tenant_id, webhook_id))
    return from_item(item) if item else None


def of_tenant(table: Table, tenant_id: str) -> Iterator[Webhook]:
    """Read all endpoints of a tenant, 1 round trip for each megabyte."""
    pk, _ = keys.webhook(tenant_id, "")
    for found in table.pages(
        KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": pk}}, ConsistentRead=True
    ):
        yield from map(from_item, found)


def put(webhook: Webhook) -> Item:
    """The action that adds an endpoint."""
    return ROWS.put(webhook, NEW)


def change(before: Webhook, **fields: Any) -> tuple[Webhook, Item]:
    """Return the next version of an endpoint, and the action that writes it: nobody changed it meanwhile."""
    after = replace(before, **fields, version=before.version + 1, updated_at=clock.now())
    return after, ROWS.put(after, ROWS.unchanged(before, "version"))


def remove(webhook: Webhook) -> Item:
    """The action that deletes an endpoint; its deliveries expire on their own."""
    return ROWS.delete(webhook, THERE)


# ---------------------------------------------------------------- deliveries


class Delivery(Struct, kw_only=True):
    """One event on its way to one endpoint. `status` is pending, delivered or failed; `round` counts redeliveries.

    `body` is what is sent, the same bytes on every attempt; `track_id` is what it is about: it goes to nobody once that
    is personal. `correlation_id` joins it with the log lines of what led to it.
    """

    tenant_id: str
    webhook_id: str
    id: str
    event_id: str
    event: str
    track_id: str | None = None
    correlation_id: str | None = None
    body: str
    created_at: str
    status: str = "pending"
    round: int = 0
    attempts: int = 0
    response_status: int | None = None
    error: str | None = None
    attempted_at: str | None = None
    next_attempt_at: str | None = None
    delivered_at: str | None = None


DELIVERIES = Codec(
    Delivery,
    lambda delivery: keys.delivery(delivery.tenant_id, delivery.webhook_id, delivery.id),
    columns={"body": COMPRESSED},
    beside=lambda _: {"expires_at": {"N": str(clock.epoch() + KEEP_SECONDS)}},
)
delivery_from = DELIVERIES.from_item


def put_delivery(delivery: Delivery) -> Item:
    """The action that plans a delivery, once."""
    return DELIVERIES.put(delivery, NEW)


def change_delivery(before: Delivery, **fields: Any) -> tuple[Delivery, Item]:
    """Return a delivery as it is after an attempt or a wish to redeliver, and the action that writes it.

    It must still be in the round that it was read in: the result of an older round's attempt is void.
    """
    after = replace(before, **fields)
    return after, DELIVERIES.put(after, DELIVERIES.unchanged(before, "round"))
