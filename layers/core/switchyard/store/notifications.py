"""Notifications in their task's partition, and the rows that keep a run from notifying too often."""

import time
from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock
from switchyard.domain.notifications import COOLDOWN_SECONDS, Attempted, Notification
from switchyard.domain.structs import replace
from switchyard.store import filters, keys
from switchyard.store.codec import NEW, Codec, expiry, row_key
from switchyard.store.filters import Filter
from switchyard.store.indexes import TABLE
from switchyard.store.lists import Page, Range, read_page
from switchyard.store.packing import json_text, texts
from switchyard.store.table import ConditionFailed, Table

#: Seconds that a notification is kept, to be looked at.
KEEP_SECONDS = 30 * 86_400


def _to_json(devices: Mapping[str, Attempted]) -> dict[str, Any]:
    return {each: tried.as_dict() for each, tried in devices.items()}


def _from_json(found: Mapping[str, Any]) -> dict[str, Attempted]:
    return {each: Attempted(**tried) for each, tried in found.items()}


ROWS = Codec(
    Notification,
    lambda notification: keys.notification(notification.tenant_id, notification.task_id, notification.id),
    columns={"present": texts(kept=True), "devices": json_text(_from_json, _to_json, kept=True)},
    beside=lambda notification: {"expires_at": expiry(notification.created_at, KEEP_SECONDS)},
)
to_item, from_item = ROWS.to_item, ROWS.from_item


def put(table: Table, notification: Notification) -> Notification | None:
    """Write what was decided, once; returns None, or the notification that is there already."""
    try:
        table.write([ROWS.put(notification, NEW)])
    except ConditionFailed as refused:
        (item,) = refused.items
        return from_item(item or {})
    return None


def change(table: Table, before: Notification, **fields: Any) -> Notification | None:
    """Write a notification as it is after an attempt, or None when another attempt wrote it meanwhile."""
    after = replace(before, **fields)
    try:
        table.write([ROWS.put(after, ROWS.unchanged(before, "attempts", "trying_until"))])
    except ConditionFailed:
        return None
    return after


def cool_down(table: Table, notification: Notification) -> bool:
    """Start the run's cooldown for this kind; False while another notification's cooldown lasts.

    The notification's own turn may be taken again.
    """
    assert notification.run_id
    now = time.time()
    until = now + COOLDOWN_SECONDS[notification.kind]
    item = {
        **row_key(keys.cooldown(notification.tenant_id, notification.task_id, notification.run_id, notification.kind)),
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
    kept = Filter([filters.number_between("expires_at", clock.epoch() + 1, None)])
    return read_page(table, [Range(TABLE, pk, prefix=prefix)], limit=limit, after=after, row_filter=kept, whole=False)
