"""Notices: from a run's change to the phones of the person who made the task.

The table's stream carries what a person is to be told to a queue (due); its consumer decides once whom to ring, keeps
that decision, and rings (handle). A message stays in the queue, invisible until the next attempt is due, while a device
is left that the push service has neither taken nor refused; after the last attempt it goes to the dead letters.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger

from switchyard.aws.queues import Message, Queue
from switchyard.domain import clock, notifications
from switchyard.domain.devices import Device, is_watching
from switchyard.domain.notifications import Attempted, Decision, Notice
from switchyard.domain.tracks import Track
from switchyard.pipeline.push_services import PushService
from switchyard.store import devices as device_rows
from switchyard.store import keys, runs, tracks
from switchyard.store import notifications as rows
from switchyard.store.table import Table

#: Seconds for which one attempt has the notice to itself: longer than the function may run.
TURN_SECONDS = 60

logger = Logger(service="switchyard")


def due(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the message of a run's change that a person is to be told of; None for every other record."""
    new, old = data.get("NewImage"), data.get("OldImage")
    if new is None or old is None or not data["Keys"]["sk"]["S"].startswith(keys.RUN):
        return None
    if all(old.get(name) == new.get(name) for name in ("status", "state")):
        return None  # most changes of a run are heartbeats
    before, after = runs.from_item(old), runs.from_item(new)
    kind = notifications.kind_of(before, after)
    if kind is None:
        return None
    names = {"tenant": after.tenant_id, "task": after.task_id, "run": after.id, "kind": kind}
    return names | {"notice": notifications.notice_id(after, kind)}


def handle(table: Table, queue: Queue, service: PushService | None, message: Message) -> bool:
    """Decide and ring for one message; tells whether it is done with (False: it is due again later)."""
    notice, ours = _decided(table, service, message.body)
    if notice is None or not notice.waiting:
        return True
    last = queue.is_last(message)
    if not ours:
        notice = _taken(table, notice)
    if notice is not None and service is not None:
        notice = _ring(table, service, notice, last)
        if not notice.waiting and not (last and _gave_up(notice)):
            return True
    queue.postpone(message, queue.pause(message))
    return False


# ---------------------------------------------------------------- decide


def _decided(table: Table, service: PushService | None, message: Mapping[str, Any]) -> tuple[Notice | None, bool]:
    """Return the notice of a message, and whether its first attempt is ours; None when the task is gone."""
    task_key = keys.track(message["tenant"], message["task"])
    notice_key = keys.notice(message["tenant"], message["task"], message["notice"])
    found = table.get_many([task_key, notice_key])
    if notice_key in found:
        return rows.from_item(found[notice_key]), False
    task = tracks.from_item(found[task_key]) if task_key in found else None
    if task is None or task.deleted_at:
        logger.info("nobody to tell: the task is gone", extra={"notice": message["notice"]})
        return None, False
    notice = _decide(table, service, message, task)
    logger.info("notice decided", extra={"notice": notice.id, "kind": notice.kind, "decided": notice.decided})
    standing = rows.put(table, notice)
    return (notice, True) if standing is None else (standing, False)


def _decide(table: Table, service: PushService | None, message: Mapping[str, Any], task: Track) -> Notice:
    """Decide whom to ring. The turn to ring is taken before anybody looks who is watching, and is used up by it."""
    notice = Notice(
        tenant_id=task.tenant_id,
        task_id=task.id,
        id=message["notice"],
        run_id=message["run"],
        kind=message["kind"],
        recipient=task.created_by,
        decided="sent",
        body=notifications.text(message["kind"], task.title),
        created_at=clock.now(),
    )
    if task.owner not in (None, task.created_by):
        return _untold(notice, "no_access")
    if service is None:
        return _untold(notice, "disabled")
    if not rows.cool_down(table, notice):
        return _untold(notice, "cooldown")
    devices = {each.id: each for each in device_rows.of_person(table, task.tenant_id, task.created_by).devices}
    if not devices:
        return _untold(notice, "no_devices")
    watching = _watching(table, notice, devices)
    if watching:
        return replace(_untold(notice, "suppressed"), present=watching)
    to_tell = {each.id: Attempted(platform=each.platform) for each in devices.values()}
    return replace(notice, devices=to_tell, attempts=1, trying_until=clock.epoch() + TURN_SECONDS)


def _untold(notice: Notice, why: Decision) -> Notice:
    return replace(notice, decided=why)


def _watching(table: Table, notice: Notice, devices: Mapping[str, Device]) -> tuple[str, ...]:
    """Return the person's devices that show the task now."""
    present = device_rows.presences(table, notice.tenant_id, notice.task_id, notice.recipient)
    now = time.time()
    return tuple(each.device_id for each in present if is_watching(each, devices.get(each.device_id), now))


# ---------------------------------------------------------------- ring


def _taken(table: Table, notice: Notice) -> Notice | None:
    """Take the next attempt; None while somebody else is at it."""
    if notice.trying_until > clock.epoch():
        return None
    return rows.change(table, notice, attempts=notice.attempts + 1, trying_until=clock.epoch() + TURN_SECONDS)


def _ring(table: Table, service: PushService, notice: Notice, last: bool) -> Notice:
    """Ring the devices that are left, and write down after each batch what became of it: no device rings twice."""
    known = {each.id: each for each in device_rows.of_person(table, notice.tenant_id, notice.recipient).devices}
    found = dict(notice.devices)
    gone = [each for each in notice.waiting if each not in known]
    for each in gone:
        found[each] = replace(found[each], outcome="unregistered", at=clock.now())
    left = [known[each] for each in notice.waiting if each in known]
    for start in range(0, max(len(left), 1), service.batch):
        batch = left[start : start + service.batch]
        for device, tried in zip(batch, service.send(batch, notice) if batch else (), strict=True):
            given_up = last and tried.outcome == "pending"
            found[device.id] = replace(tried, at=clock.now(), outcome="failed" if given_up else tried.outcome)
            if tried.outcome == "removed":
                device_rows.forget(table, device)
        over = start + service.batch >= len(left)
        notice = _written(table, notice, devices=dict(found), trying_until=0 if over else notice.trying_until)
    return notice


def _written(table: Table, notice: Notice, **fields: Any) -> Notice:
    after = rows.change(table, notice, **fields)
    if after is None:
        raise RuntimeError(f"Another attempt at the notice {notice.id} began before this one was over.")
    return after


def _gave_up(notice: Notice) -> bool:
    return any(each.outcome == "failed" for each in notice.devices.values())
