"""Notifications: from a run's change, or a reminder, to the devices of the user whom it concerns.

The table's stream carries what people are notified of to a queue (due); its consumer decides once whom to notify, keeps
that decision, and sends it (handle). A message stays in the queue, invisible until the next attempt is due, while the
push service has neither accepted nor refused a device; after the last attempt it goes to the dead letters.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from switchyard.aws.queues import Message, Queue
from switchyard.aws.telemetry import logger
from switchyard.domain import clock, notifications
from switchyard.domain.notifications import Attempted, Decision, Notification
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.store import devices as device_rows
from switchyard.store import keys, runs, tracks
from switchyard.store import notifications as notification_rows
from switchyard.store.table import Table

if TYPE_CHECKING:  # its HTTP client is not for the consumer that only decides what is due
    from switchyard.pipeline.push_services import PushService

#: Seconds for which one attempt has the notification to itself: longer than the function may run.
TURN_SECONDS = 60


def due(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the message of a run's change, or of a reminder, of which a person is notified; None for other records."""
    new, old = data.get("NewImage"), data.get("OldImage")
    if new is not None and old is None and data["Keys"]["sk"]["S"].startswith(keys.INBOX):
        return _reminder(new)
    if new is None or not data["Keys"]["sk"]["S"].startswith(keys.RUN):
        return None
    if old is not None and old.get("version") == new.get("version"):
        return None  # most changes of a run are heartbeats
    before, after = runs.from_item(old) if old else None, runs.from_item(new)
    kind = notifications.kind_of(before, after)
    if kind is None:
        return None
    names = {"tenant": after.tenant_id, "task": after.task_id, "run": after.id, "kind": kind}
    names |= {"question": after.question_id} if after.asks_whom and after.question_id else {}
    return names | {"notification": notifications.notification_id(after, kind)}


def _reminder(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the message of a new inbox item that reminds of a due date; an item is written once."""
    if item["kind"]["S"] != "due":
        return None
    named = {"tenant": "tenant_id", "task": "track_id", "kind": "kind", "to": "actor_id", "notification": "id"}
    return {name: item[field]["S"] for name, field in named.items()}


def mail_due(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the message of a new inbox item, of which the person may be mailed; None for every other record."""
    new = data.get("NewImage")
    if new is None or data.get("OldImage") or not data["Keys"]["sk"]["S"].startswith(keys.INBOX):
        return None
    return {name: new[field]["S"] for name, field in (("tenant", "tenant_id"), ("actor", "actor_id"), ("item", "id"))}


def handle(table: Table, queue: Queue, service: "PushService | None", message: Message) -> bool:
    """Decide and send one message's notification; returns whether it is done (False: it is due again later)."""
    notification, ours = _decided(table, service, message.body)
    if notification is None or not notification.waiting:
        return True
    last = queue.is_last(message)
    if not ours:
        notification = _taken(table, notification)
    if notification is not None and service is not None:
        notification = _send_to_devices(table, service, notification, last)
        if not notification.waiting and not (last and _gave_up(notification)):
            return True
    queue.postpone(message, queue.pause(message))
    return False


# ---------------------------------------------------------------- decide


def _decided(
    table: Table, service: "PushService | None", message: Mapping[str, Any]
) -> tuple[Notification | None, bool]:
    """Return the notification of a message, and whether its first attempt is ours; None when the task is gone."""
    task_key = keys.track(message["tenant"], message["task"])
    notification_key = keys.notification(message["tenant"], message["task"], message["notification"])
    found = table.get_many([task_key, notification_key])
    if notification_key in found:
        return notification_rows.from_item(found[notification_key]), False
    task = tracks.from_item(found[task_key]) if task_key in found else None
    if task is None or task.deleted_at:
        logger.info("nobody to notify: the task is gone", extra={"notification": message["notification"]})
        return None, False
    notification = _decide(table, service, message, task)
    logger.info(
        "notification decided",
        extra={"notification": notification.id, "kind": notification.kind, "decided": notification.decided},
    )
    standing = notification_rows.put(table, notification)
    return (notification, True) if standing is None else (standing, False)


def _decide(table: Table, service: "PushService | None", message: Mapping[str, Any], task: Track) -> Notification:
    """Decide which devices to notify: of whom it is for (whom the run asks, or who is reminded), else the creator's.

    The cooldown starts before presence is read, and counts in any case.
    """
    recipient = _whom(table, message) or task.created_by
    notification = Notification(
        tenant_id=task.tenant_id,
        task_id=task.id,
        id=message["notification"],
        run_id=message.get("run"),
        kind=message["kind"],
        recipient=recipient,
        decided="sent",
        body=notifications.text(message["kind"], task.title),
        created_at=clock.now(),
    )
    if task.owner not in (None, recipient):
        return _not_sent(notification, "no_access")
    if service is None:
        return _not_sent(notification, "disabled")
    if notification.run_id and not notification_rows.cool_down(table, notification):
        return _not_sent(notification, "cooldown")
    devices = {each.id: each for each in device_rows.of_person(table, task.tenant_id, recipient).devices}
    if not devices:
        return _not_sent(notification, "no_devices")
    watching = device_rows.watching(table, task.tenant_id, task.id, recipient, devices)
    if watching:
        return replace(_not_sent(notification, "suppressed"), present=watching)
    pending = {each.id: Attempted(platform=each.platform) for each in devices.values()}
    return replace(notification, devices=pending, attempts=1, trying_until=clock.epoch() + TURN_SECONDS)


def _whom(table: Table, message: Mapping[str, Any]) -> str | None:
    """Return who is reminded, or whom the run asks: 1 round trip for a question that names someone."""
    if "question" not in message:
        return message.get("to")
    # Imported here: few runs ask somebody by name, and other consumers import this module too.
    from switchyard.store import people_keys, questions

    row = table.get(*people_keys.question(message["tenant"], message["task"], message["run"], message["question"]))
    return questions.from_item(row).to if row else None


def _not_sent(notification: Notification, why: Decision) -> Notification:
    return replace(notification, decided=why)


# ---------------------------------------------------------------- send


def _taken(table: Table, notification: Notification) -> Notification | None:
    """Take the next attempt; None while somebody else is at it."""
    if notification.trying_until > clock.epoch():
        return None
    return notification_rows.change(
        table, notification, attempts=notification.attempts + 1, trying_until=clock.epoch() + TURN_SECONDS
    )


def _send_to_devices(table: Table, service: "PushService", notification: Notification, last: bool) -> Notification:
    """Notify the pending devices, and record the outcomes after each batch: no device is notified twice."""
    known = {
        each.id: each for each in device_rows.of_person(table, notification.tenant_id, notification.recipient).devices
    }
    found = dict(notification.devices)
    gone = [each for each in notification.waiting if each not in known]
    for each in gone:
        found[each] = replace(found[each], outcome="unregistered", at=clock.now())
    left = [known[each] for each in notification.waiting if each in known]
    for start in range(0, max(len(left), 1), service.batch):
        batch = left[start : start + service.batch]
        for device, tried in zip(batch, service.send(batch, notification) if batch else (), strict=True):
            given_up = last and tried.outcome == "pending"
            found[device.id] = replace(tried, at=clock.now(), outcome="failed" if given_up else tried.outcome)
            if tried.outcome == "removed":
                device_rows.forget(table, device)
        over = start + service.batch >= len(left)
        notification = _written(
            table, notification, devices=dict(found), trying_until=0 if over else notification.trying_until
        )
    return notification


def _written(table: Table, notification: Notification, **fields: Any) -> Notification:
    after = notification_rows.change(table, notification, **fields)
    if after is None:
        raise RuntimeError(f"Another attempt at the notification {notification.id} began before this one was over.")
    return after


def _gave_up(notification: Notification) -> bool:
    return any(each.outcome == "failed" for each in notification.devices.values())
