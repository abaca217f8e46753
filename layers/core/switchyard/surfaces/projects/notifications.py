"""The notifications of a task's runs, and why a device got none (docs/push.md)."""

from typing import Any
from urllib.parse import urlencode

from switchyard.domain.notifications import TITLE, Notification
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.store import lists
from switchyard.store import notifications as notification_rows
from switchyard.surfaces.projects.device_models import ListNotifications
from switchyard.surfaces.projects.scope import task_in


def of_task(call: Call[None, ListNotifications]) -> Reply:
    """List the notifications of the task of the path, newest first: 2 round trips."""
    query = call.query
    task = task_in(call)
    fingerprint = lists.fingerprint(task.tenant_id, task.id, "notifications")
    after = lists.from_cursor(query.cursor, fingerprint)
    page = notification_rows.read_of_task(call.unit.table, task.tenant_id, task.id, query.limit, after)
    cursor = lists.to_cursor(page.position, fingerprint)
    results = [shown(notification_rows.from_item(item)) for item in page.items]
    return Reply(200, {"next": _next(call, query.limit, cursor), "results": results})


def _next(call: AnyCall, limit: int, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    return f"{call.request.base_url}{call.request.path}?{urlencode({'limit': limit, 'cursor': cursor})}"


def shown(notification: Notification) -> dict[str, Any]:
    """Return a notification as the surface shows it."""
    return {
        "id": notification.id,
        "task": notification.task_id,
        "run": notification.run_id,
        "kind": notification.kind,
        "title": TITLE,
        "body": notification.body,
        "recipient": notification.recipient,
        "decided": notification.decided,
        "present_devices": list(notification.present),
        "devices": [
            {
                "id": device_id,
                "platform": tried.platform,
                "outcome": tried.outcome,
                "error": tried.error,
                "reference": tried.reference,
                "tried_at": tried.at,
            }
            for device_id, tried in notification.devices.items()
        ],
        "attempts": notification.attempts,
        "created_at": notification.created_at,
    }
