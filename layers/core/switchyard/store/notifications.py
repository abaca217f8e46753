"""Notifications in their task's partition, and the rows that keep a run from ringing too often."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from switchyard.domain import clock
from switchyard.domain.notifications import COOLDOWN_SECONDS, Attempted, Notification
from switchyard.store import keys
from switchyard.store.lists import TABLE, Filter, Page, Range, read_page
from switchyard.store.table import ConditionFailed, Item, Table

#: Seconds that a notification is kept, to be looked at.
KEEP_SECONDS = 30 * 86_400

_TEXT = ("tenant_id", "task_id", "id", "run_id", "kind", "recipient", "decided", "body", "created_at")
_NUMBERS = ("attempts", "trying_until")


def to_item(notification: Notification) -> Item:
    pk, sk = keys.notification(notification.tenant_id, notification.task_id, notification.id)
    devices = {each: asdict(tried) for each, tried in notification.devices.items()}
    return {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "expires_at": {"N": str(clock.milliseconds(notification.created_at) // 1_000 + KEEP_SECONDS)},
        "present": {"L": [{"S": each} for each in notification.present]},
        "devices": {"S": json.dumps(devices, ensure_ascii=False, separators=(",", ":"))},
        **{name: {"S": getattr(notification, name)} for name in _TEXT},
        **{name: {"N": str(getattr(notification, name))} for name in _NUMBERS},
    }


def from_item(item: Mapping[str, Any]) -> Notification:
    fields: dict[str, Any] = {name: item[name]["S"] for name in _TEXT}
    fields |= {name: int(item[name]["N"]) for name in _NUMBERS}
    fields["present"] = tuple(each["S"] for each in item["present"]["L"])
    fields["devices"] = {each: Attempted(**tried) for each, tried in json.loads(item["devices"]["S"]).items()}
    return Notification(**fields)


def put(table: Table, notification: Notification) -> Notification | None:
    """Write what was decided, once; returns None, or the notification that stands already."""
    try:
        table.write([{"Put": {"Item": to_item(notification), "ConditionExpression": "attribute_not_exists(pk)"}}])
    except ConditionFailed as refused:
        (item,) = refused.items
        return from_item(item or {})
    return None


def change(table: Table, before: Notification, **fields: Any) -> Notification | None:
    """Write a notification as it is after an attempt, or None when another attempt wrote it meanwhile."""
    after = replace(before, **fields)
    condition = {
        "ConditionExpression": "attempts = :attempts AND trying_until = :until",
        "ExpressionAttributeValues": {
            ":attempts": {"N": str(before.attempts)},
            ":until": {"N": str(before.trying_until)},
        },
    }
    try:
        table.write([{"Put": {"Item": to_item(after), **condition}}])
    except ConditionFailed:
        return None
    return after


def cool_down(table: Table, notification: Notification) -> bool:
    """Take the run's turn to ring for this kind; False while another notification's turn lasts.

    The notification's own turn may be taken again.
    """
    pk, sk = keys.cooldown(notification.tenant_id, notification.task_id, notification.run_id, notification.kind)
    now = time.time()
    until = now + COOLDOWN_SECONDS[notification.kind]
    item = {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "notice_id": {"S": notification.id},
        "until": {"S": clock.stamp(until)},
        "expires_at": {"N": str(int(until) + 1)},
    }
    condition = {
        "ConditionExpression": "attribute_not_exists(pk) OR #until <= :now OR notice_id = :notice",
        "ExpressionAttributeNames": {"#until": "until"},
        "ExpressionAttributeValues": {":now": {"S": clock.stamp(now)}, ":notice": {"S": notification.id}},
    }
    try:
        table.write([{"Put": {"Item": item, **condition}}])
    except ConditionFailed:
        return False
    return True


def read_of_task(table: Table, tenant_id: str, task_id: str, limit: int, after: str | None = None) -> Page:
    """Return rows of a task's notifications, newest first, less those whose time is over: 1 query for most pages."""
    pk, prefix = keys.notification(tenant_id, task_id, "")
    kept = Filter()
    kept.number_between("expires_at", clock.epoch() + 1, None)
    return read_page(table, [Range(TABLE, pk, prefix=prefix)], limit=limit, after=after, row_filter=kept, whole=False)
