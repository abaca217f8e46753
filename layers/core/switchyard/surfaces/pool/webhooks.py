"""Webhooks: endpoints of a tenant, their secrets, and what became of each delivery (docs/webhooks.md)."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from switchyard.domain import clock
from switchyard.domain.errors import Conflict, NotFound
from switchyard.domain.ids import new_id, parse_id
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.operation import OWN
from switchyard.pipeline import signing
from switchyard.store import keys, lists
from switchyard.store import webhooks as webhook_rows
from switchyard.store.indexes import TABLE
from switchyard.store.lists import Range
from switchyard.store.webhooks import Delivery, Webhook
from switchyard.surfaces.pool.listing import link
from switchyard.surfaces.pool.webhook_models import CreateWebhook, UpdateWebhook, WebhookPaging

#: What a new endpoint shows beside what its body says.
NEW = dict.fromkeys(("id", "disabledReason", "formerSecretUntil", "createdBy", "createdAt", "updatedAt"), OWN)


def create(call: Call[CreateWebhook]) -> Reply:
    """Add the endpoint of a CreateWebhook body; its secret is shown here alone."""
    body = call.body
    now = clock.now()
    webhook = Webhook(
        tenant_id=call.actor.tenant_id,
        id=new_id(),
        url=body.url,
        events=tuple(body.events),
        description=body.description,
        enabled=body.enabled,
        secret=signing.new_secret(),
        created_by=call.actor.id,
        created_at=now,
        updated_at=now,
    )
    call.unit.write(webhook_rows.put(webhook))
    return _with_secret(201, webhook, {"location": f"/api/v1/webhooks/hook_{webhook.id}"})


def read(call: Call) -> Reply:
    """Show the endpoint of the path."""
    return Reply(200, _shown(_of_path(call)))


def list_all(call: Call[None, WebhookPaging]) -> Reply:
    """List the tenant's endpoints, newest first."""
    of_tenant = Range(TABLE, *keys.webhook(call.actor.tenant_id, ""))
    return _page(call, call.query, of_tenant, lambda item: _shown(webhook_rows.from_item(item)))


def update(call: Call[UpdateWebhook]) -> Reply:
    """Change the endpoint of the path as an UpdateWebhook body says."""
    body = call.body
    before = _of_path(call)
    fields = {name: getattr(body, name) for name in body.model_fields_set}
    if "events" in fields:
        fields["events"] = tuple(fields["events"])
    if fields.get("enabled"):
        fields["disabled_reason"] = None
    if all(getattr(before, name) == value for name, value in fields.items()):
        return Reply(200, _shown(before))
    after, action = webhook_rows.change(before, **fields)
    call.unit.write(action)
    return Reply(200, _shown(after))


def rotate(call: Call) -> Reply:
    """Give the endpoint of the path a new secret; the former one signs beside it for a day."""
    before = _of_path(call)
    after, action = webhook_rows.change(
        before,
        secret=signing.new_secret(),
        former_secret=before.secret,
        former_until=clock.stamp(time.time() + webhook_rows.ROTATION_SECONDS),
    )
    call.unit.write(action)
    return _with_secret(200, after)


def delete(call: Call) -> Reply:
    """Delete the endpoint of the path; what is on its way to it is given up."""
    call.unit.write(webhook_rows.remove(_of_path(call)))
    return Reply(204)


def deliveries(call: Call[None, WebhookPaging]) -> Reply:
    """List the deliveries to the endpoint of the path, newest event first."""
    of_webhook = Range(TABLE, *keys.delivery(call.actor.tenant_id, _of_path(call).id, ""))
    return _page(call, call.query, of_webhook, lambda item: _delivery(webhook_rows.delivery_from(item)))


def redeliver(call: Call) -> Reply:
    """Send a delivery again from its first attempt; a disabled endpoint must be enabled before."""
    webhook = _of_path(call)
    delivery_id = parse_id(call.path["deliveryId"])
    item = call.unit.table.get(*keys.delivery(webhook.tenant_id, webhook.id, delivery_id)) if delivery_id else None
    if item is None:
        raise NotFound(f"Delivery not found: {call.path['deliveryId'][:80]}")
    if not webhook.enabled:
        raise Conflict("The webhook is disabled: enable it, then redeliver.")
    before = webhook_rows.delivery_from(item)
    again = {"status": "pending", "round": before.round + 1, "attempts": 0, "delivered_at": None, "error": None}
    after, action = webhook_rows.change_delivery(before, **again, response_status=None, next_attempt_at=clock.now())
    call.unit.write(action)
    return Reply(202, _delivery(after))


def shown(call: AnyCall) -> dict[str, Any]:
    """Return what the endpoint of the path shows; its secret was shown once."""
    webhook = _of_path(call)
    return {**_shown(webhook), "secret": webhook.secret}


def _of_path(call: AnyCall) -> Webhook:
    webhook_id = parse_id(call.path["id"])
    row = call.unit.row(keys.webhook(call.actor.tenant_id, webhook_id)) if webhook_id else None
    if row is None:
        raise NotFound(f"Webhook not found: {call.path['id'][:80]}")
    return webhook_rows.from_item(row)


def _page(call: AnyCall, query: WebhookPaging, range_: Range, show: Any) -> Reply:
    rows, cursor = lists.newest_first(call.unit.table, range_, query.limit, query.cursor)
    return Reply(200, {"items": [show(row) for row in rows], "nextCursor": cursor}, link(call.request, cursor))


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": f"hook_{webhook.id}",
        "url": webhook.url,
        "events": list(webhook.events),
        "description": webhook.description,
        "enabled": webhook.enabled,
        "disabledReason": webhook.disabled_reason,
        "formerSecretUntil": webhook.former_until,
        "createdBy": webhook.created_by,
        "createdAt": webhook.created_at,
        "updatedAt": webhook.updated_at,
    }


def _with_secret(status: int, webhook: Webhook, headers: Mapping[str, str] = MappingProxyType({})) -> Reply:
    """Show an endpoint with its secret, which is not kept under the idempotency key: a replay has null instead."""
    shown = _shown(webhook)
    return Reply(status, {**shown, "secret": webhook.secret}, headers, kept={**shown, "secret": None})


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": f"delivery_{delivery.id}",
        "eventId": delivery.event_id,
        "event": delivery.event,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "redeliveries": delivery.round,
        "responseStatus": delivery.response_status,
        "error": delivery.error,
        "createdAt": delivery.created_at,
        "attemptedAt": delivery.attempted_at,
        "nextAttemptAt": delivery.next_attempt_at,
        "deliveredAt": delivery.delivered_at,
    }
