"""Webhook endpoints of a tenant, and the deliveries to each: one row for every event and endpoint."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from switchyard.domain import clock
from switchyard.store import keys
from switchyard.store.table import Item, Table

#: Seconds that a delivery is kept, to be looked at and sent again.
KEEP_SECONDS = 30 * 86_400
#: Seconds for which a secret still signs after it was replaced.
ROTATION_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
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
        """Tell whether events of this name go to the endpoint."""
        kind = event.partition(".")[0]
        return self.enabled and (event in self.events or f"{kind}.*" in self.events)

    def secrets(self, now: str) -> list[str]:
        """Return the secrets that sign now, the newest first."""
        former = self.former_secret if self.former_until and self.former_until > now else None
        return [self.secret, former] if former else [self.secret]


_TEXT = ("tenant_id", "id", "url", "description", "disabled_reason", "secret", "former_secret", "former_until")
_TIMES = ("created_by", "created_at", "updated_at")


def to_item(webhook: Webhook) -> Item:
    pk, sk = keys.webhook(webhook.tenant_id, webhook.id)
    item: Item = {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "list": {"S": keys.listed(webhook.tenant_id, "webhook")},
        "events": {"L": [{"S": each} for each in webhook.events]},
        "enabled": {"BOOL": webhook.enabled},
        "version": {"N": str(webhook.version)},
    }
    for name in (*_TEXT, *_TIMES):
        value = getattr(webhook, name)
        if value is not None:
            item[name] = {"S": value}
    return item


def from_item(item: Mapping[str, Any]) -> Webhook:
    return Webhook(
        events=tuple(each["S"] for each in item["events"]["L"]),
        enabled=item["enabled"]["BOOL"],
        version=int(item["version"]["N"]),
        **{name: item[name]["S"] for name in (*_TEXT, *_TIMES) if name in item},
    )


def find(table: Table, tenant_id: str, webhook_id: str) -> Webhook | None:
    """Read an endpoint: 1 round trip."""
    item = table.get(*keys.webhook(tenant_id, webhook_id))
    return from_item(item) if item else None


def of_tenant(table: Table, tenant_id: str) -> Iterator[Webhook]:
    """Read all endpoints of a tenant, 1 round trip for each megabyte."""
    pk, _ = keys.webhook(tenant_id, "")
    start: Item | None = None
    while True:
        found, start = table.query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
            **({"ExclusiveStartKey": start} if start else {}),
        )
        yield from map(from_item, found)
        if start is None:
            break


def put(webhook: Webhook) -> Item:
    """The action that adds an endpoint."""
    return {"Put": {"Item": to_item(webhook), "ConditionExpression": "attribute_not_exists(pk)"}}


def change(before: Webhook, **fields: Any) -> tuple[Webhook, Item]:
    """Return the next version of an endpoint, and the action that writes it: nobody changed it meanwhile."""
    after = replace(before, **fields, version=before.version + 1, updated_at=clock.now())
    action = {
        "Put": {
            "Item": to_item(after),
            "ConditionExpression": "version = :was",
            "ExpressionAttributeValues": {":was": {"N": str(before.version)}},
        }
    }
    return after, action


def remove(webhook: Webhook) -> Item:
    """The action that deletes an endpoint; its deliveries expire by themselves."""
    pk, sk = keys.webhook(webhook.tenant_id, webhook.id)
    return {"Delete": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}, "ConditionExpression": "attribute_exists(pk)"}}


# ---------------------------------------------------------------- deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one endpoint. `status` is pending, delivered or failed; `round` counts redeliveries.

    `body` is what is sent, the same bytes on every attempt.
    """

    tenant_id: str
    webhook_id: str
    id: str
    event_id: str
    event: str
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


_DELIVERY_TEXT = (
    "tenant_id",
    "webhook_id",
    "id",
    "event_id",
    "event",
    "body",
    "created_at",
    "status",
    "error",
    "attempted_at",
    "next_attempt_at",
    "delivered_at",
)
_DELIVERY_NUMBERS = ("round", "attempts", "response_status")


def delivery_to_item(delivery: Delivery) -> Item:
    pk, sk = keys.delivery(delivery.tenant_id, delivery.webhook_id, delivery.id)
    item: Item = {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "list": {"S": keys.deliveries(delivery.tenant_id, delivery.webhook_id)},
        "expires_at": {"N": str(clock.epoch() + KEEP_SECONDS)},
    }
    for name in _DELIVERY_TEXT:
        value = getattr(delivery, name)
        if value is not None:
            item[name] = {"S": value}
    for name in _DELIVERY_NUMBERS:
        value = getattr(delivery, name)
        if value is not None:
            item[name] = {"N": str(value)}
    return item


def delivery_from(item: Mapping[str, Any]) -> Delivery:
    fields: dict[str, Any] = {name: item[name]["S"] for name in _DELIVERY_TEXT if name in item}
    fields |= {name: int(item[name]["N"]) for name in _DELIVERY_NUMBERS if name in item}
    return Delivery(**fields)


def put_delivery(delivery: Delivery) -> Item:
    """The action that plans a delivery, once."""
    return {"Put": {"Item": delivery_to_item(delivery), "ConditionExpression": "attribute_not_exists(pk)"}}


def change_delivery(before: Delivery, **fields: Any) -> tuple[Delivery, Item]:
    """Return a delivery as it is after an attempt or a wish to redeliver, and the action that writes it.

    It must still be in the round that it was read in: what an older round's attempt found tells nothing any more.
    """
    after = replace(before, **fields)
    action = {
        "Put": {
            "Item": delivery_to_item(after),
            "ConditionExpression": "#round = :was",
            "ExpressionAttributeNames": {"#round": "round"},
            "ExpressionAttributeValues": {":was": {"N": str(before.round)}},
        }
    }
    return after, action
