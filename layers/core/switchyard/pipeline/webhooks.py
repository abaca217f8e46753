"""Webhooks: from a domain event to one delivery for each endpoint that wants it, and on until it has arrived.

dispatch: an event of the bus becomes a row for each endpoint (written once, however often the event comes);
enqueue: the stream carries new rows, and rows to be redelivered, to a queue; deliver: one attempt for a message.
A message whose attempt failed stays in the queue, invisible until the next attempt is due; after the last one the
queue moves it to the dead letters.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from switchyard.aws.queues import Message, Queue
from switchyard.aws.telemetry import logger
from switchyard.domain import clock, ids
from switchyard.pipeline import receivers, signing
from switchyard.store import keys, webhooks
from switchyard.store.table import ConditionFailed, Item, Table
from switchyard.store.webhooks import Delivery, Webhook

_GONE = 410
_BEGUN = "The attempt was begun; how it ended is not known."


Payload = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]


# ---------------------------------------------------------------- dispatch


def dispatch(table: Table, event: Mapping[str, Any], payload: Payload) -> int:
    """Plan the deliveries of one domain event; returns how many endpoints want it.

    Personal tracks stay untold: what was personal when it changed, and what is now.
    """
    detail = event["detail"]
    if detail.get("owner"):
        return 0
    wanted = [each for each in webhooks.of_tenant(table, detail["tenantId"]) if each.wants(detail["type"])]
    if not wanted or _is_personal(table.get(*keys.track(detail["tenantId"], _track_of(detail)))):
        return 0
    message = payload(detail)
    if message is None:
        return 0
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    for webhook in wanted:
        try:
            table.write([webhooks.put_delivery(_planned(webhook, detail, body))])
        except ConditionFailed:
            logger.info("planned before", extra={"event_id": detail["id"], "webhook": webhook.id})
    return len(wanted)


def correlation_of(detail: Mapping[str, Any]) -> str:
    """Return what joins the log lines about an event: its run's id, or the request that it follows from."""
    found: str = detail["run"]["id"] if "run" in detail else detail["requestId"]
    return found


def _track_of(detail: Mapping[str, Any]) -> str:
    """Return the id of the track, or of the schedule, that an event is about; that of a run's task."""
    if "run" in detail:
        return str(detail["run"]["taskId"])
    return str(detail["schedule" if "schedule" in detail else "track"]["id"])


def _is_personal(row: Item | None) -> bool:
    return row is not None and "owner" in row


def _planned(webhook: Webhook, detail: Mapping[str, Any], body: str) -> Delivery:
    return Delivery(
        tenant_id=webhook.tenant_id,
        webhook_id=webhook.id,
        id=_delivery_id(webhook.id, detail["id"], detail["time"]),
        event_id=detail["id"],
        event=detail["type"],
        track_id=_track_of(detail),
        correlation_id=correlation_of(detail),
        body=body,
        created_at=clock.now(),
    )


def _delivery_id(webhook_id: str, event_id: str, at: str) -> str:
    """Return the one id of an event's delivery to an endpoint: a UUIDv7 of the event's time."""
    return ids.derived_id(clock.milliseconds(at), f"{webhook_id}#{event_id}")


# ---------------------------------------------------------------- enqueue


def due(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the message of a delivery that is new or in a new round; None for every other record."""
    new, old = data.get("NewImage"), data.get("OldImage")
    if new is None or not data["Keys"]["sk"]["S"].startswith(keys.DELIVERY):
        return None
    if old and old["round"] == new["round"]:
        return None
    names = {"tenant": "tenant_id", "webhook": "webhook_id", "delivery": "id", "track": "track_id"}
    ids = {short: new[name]["S"] for short, name in names.items() if name in new}
    return ids | {"round": int(new["round"]["N"])}


# ---------------------------------------------------------------- deliver


def deliver(table: Table, queue: Queue, message: Message) -> bool:
    """Make the attempt of one message; returns whether the message is done with (False: it is due again later).

    The attempt is written down before it is made, and what became of it afterwards: one that is killed in the middle
    stays on record.
    """
    webhook, delivery, track = _read(table, message.body)
    if delivery is None or delivery.round != message.body["round"] or delivery.status == "delivered":
        return True
    if webhook is None or not webhook.enabled:
        _record(table, delivery, status="failed", error="The endpoint is disabled or deleted.")
        return True
    if _is_personal(track):
        _record(table, delivery, status="failed", error="The track is personal now.")
        return True
    last = queue.is_last(message)
    undone = "failed" if last else "pending"
    begun = {"attempts": delivery.attempts + 1, "attempted_at": clock.now(), "response_status": None}
    begun |= {"status": undone, "next_attempt_at": None, "error": _BEGUN}
    delivery = _record(table, delivery, **begun)
    if delivery is None:
        return True
    answered, error = _attempt(webhook, delivery)
    told = {"webhook": webhook.id, "delivery": delivery.id, "tenant": webhook.tenant_id, "response_status": answered}
    logger.info("delivery attempted", extra={**told, "error": error, "correlation_id": delivery.correlation_id})
    if answered is not None and 200 <= answered < 300:
        done = {"status": "delivered", "delivered_at": clock.now(), "error": None}
        _record(table, delivery, response_status=answered, **done)
        return True
    found: Item = {"response_status": answered, "error": error or f"The endpoint answered with {answered}."}
    if answered == _GONE:
        _disable(table, webhook)
        _record(table, delivery, **found, status="failed")
        return True
    wait = queue.pause(message)
    upcoming = None if last else clock.stamp(time.time() + wait)
    _record(table, delivery, **found, next_attempt_at=upcoming)
    queue.postpone(message, wait)
    return False


def _read(table: Table, message: Mapping[str, Any]) -> tuple[Webhook | None, Delivery | None, Item | None]:
    """Read an endpoint, a delivery to it, and the row of the track that it is about: 1 round trip."""
    tenant, webhook_id = message["tenant"], message["webhook"]
    wanted = [keys.webhook(tenant, webhook_id), keys.delivery(tenant, webhook_id, message["delivery"])]
    wanted += [keys.track(tenant, message["track"])] if "track" in message else []
    found = table.get_many(wanted)
    webhook, delivery, track = (found.get(each) for each in [*wanted, ("", "")][:3])
    return (
        webhooks.from_item(webhook) if webhook else None,
        webhooks.delivery_from(delivery) if delivery else None,
        track,
    )


def _attempt(webhook: Webhook, delivery: Delivery) -> tuple[int | None, str | None]:
    timestamp = clock.epoch()
    headers = {
        "content-type": "application/json",
        "user-agent": "switchyard-webhooks",
        **({"x-correlation-id": delivery.correlation_id} if delivery.correlation_id else {}),
        **signing.headers(webhook.secrets(clock.now()), delivery.event_id, timestamp, delivery.body),
    }
    try:
        return receivers.post(webhook.url, headers, delivery.body), None
    except receivers.Unreachable as error:
        return None, str(error)


def _record(table: Table, delivery: Delivery, **fields: Any) -> Delivery | None:
    """Record the state of a delivery; returns it, or None when it began again meanwhile."""
    after, action = webhooks.change_delivery(delivery, **fields)
    try:
        table.write([action])
    except ConditionFailed:
        logger.info("in another round meanwhile", extra={"delivery": delivery.id})
        return None
    return after


def _disable(table: Table, webhook: Webhook) -> None:
    _, action = webhooks.change(webhook, enabled=False, disabled_reason="The endpoint answered with 410 Gone.")
    try:
        table.write([action])
    except ConditionFailed:
        logger.info("changed meanwhile", extra={"webhook": webhook.id})
    else:
        # The alarm WebhooksDisabled counts these lines.
        logger.warning("webhook disabled", extra={"webhook": webhook.id, "tenant": webhook.tenant_id})
