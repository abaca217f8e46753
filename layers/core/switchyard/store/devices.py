"""Devices of a person, whose a push token is, and presence: which device shows which task."""

import math
import time
from collections.abc import Mapping, Sequence

from switchyard.domain import clock
from switchyard.domain.devices import PRESENCE_SECONDS, Device, Presence, device_id, evicted, is_watching
from switchyard.domain.structs import Struct, replace
from switchyard.store import keys
from switchyard.store.codec import NEW, THERE, Codec, row_key
from switchyard.store.table import ConditionFailed, Item, Table

ROWS = Codec(Device, lambda device: keys.device(device.tenant_id, device.user_id, device.id))
to_item, device_from = ROWS.to_item, ROWS.from_item

PRESENCES = Codec(Presence, lambda each: keys.presence(each.tenant_id, each.task_id, each.user_id, each.device_id))


# ---------------------------------------------------------------- devices


class Registered(Struct):
    """A person's devices, and how often one was added: nobody adds one unseen by another who does."""

    devices: list[Device]
    additions: int


def of_person(table: Table, tenant_id: str, user_id: str) -> Registered:
    """Read all devices of a person: 1 query."""
    pk, guard = keys.device_guard(tenant_id, user_id)
    found, _ = table.query(
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
        ConsistentRead=True,
    )
    additions = [int(item["additions"]["N"]) for item in found if item["sk"]["S"] == guard]
    return Registered([device_from(item) for item in found if item["sk"]["S"] != guard], sum(additions))


def refresh(device: Device, platform: str) -> tuple[Device, Item]:
    """Return a device that was read as it is when it is registered again, and the action: it must still be there."""
    fresh = replace(device, platform=platform, last_seen_at=max(clock.now(), device.last_seen_at))
    return fresh, ROWS.put(fresh, THERE)


def holder(table: Table, tenant_id: str, token: str) -> str | None:
    """Return whose device a push token is: 1 round trip."""
    item = table.get(*keys.device_token(tenant_id, token))
    return item["user_id"]["S"] if item else None


def add(
    known: Registered, tenant_id: str, user_id: str, token: str, platform: str, former: str | None
) -> tuple[Device, list[Item]]:
    """Return a new device of a person whose devices were read, and the actions that add it.

    `former` held its token until now, and loses it; beyond DEVICES_MAX the person loses the device seen longest ago.
    """
    now = clock.now()
    made = Device(
        tenant_id=tenant_id,
        user_id=user_id,
        id=device_id(tenant_id, user_id, token),
        token=token,
        platform=platform,
        created_at=now,
        last_seen_at=now,
    )
    actions = [
        ROWS.put(made, NEW),
        _hold(made, former),
        _count(known, tenant_id, user_id),
    ]
    if former not in (None, user_id):
        lost = keys.device(tenant_id, former, device_id(tenant_id, former, token))
        actions.append({"Delete": {"Key": row_key(lost)}})
    for old in evicted(known.devices):
        actions += remove(old)
    return made, actions


def remove(device: Device) -> list[Item]:
    """The actions that remove a device as it was read: not when it was registered again meanwhile."""
    return [
        ROWS.delete(device, ROWS.unchanged(device, "last_seen_at")),
        {
            "Delete": {
                "Key": row_key(keys.device_token(device.tenant_id, device.token)),
                "ConditionExpression": "user_id = :user",
                "ExpressionAttributeValues": {":user": {"S": device.user_id}},
            }
        },
    ]


def _hold(device: Device, former: str | None) -> Item:
    """The action that makes a token a person's: nobody else's but the former holder's."""
    item = row_key(keys.device_token(device.tenant_id, device.token)) | {"user_id": {"S": device.user_id}}
    if former is None:
        return {"Put": {"Item": item, **NEW}}
    return {
        "Put": {
            "Item": item,
            "ConditionExpression": "user_id = :former",
            "ExpressionAttributeValues": {":former": {"S": former}},
        }
    }


def _count(known: Registered, tenant_id: str, user_id: str) -> Item:
    values: Item = {":next": {"N": str(known.additions + 1)}}
    if known.additions:
        values[":was"] = {"N": str(known.additions)}
    return {
        "Update": {
            "Key": row_key(keys.device_guard(tenant_id, user_id)),
            "UpdateExpression": "SET additions = :next",
            "ConditionExpression": "additions = :was" if known.additions else "attribute_not_exists(pk)",
            "ExpressionAttributeValues": values,
        }
    }


# ---------------------------------------------------------------- presence


def beat(tenant_id: str, task_id: str, device: Device) -> Item:
    """The action that notes that a device shows a task now: one row, however often."""
    now = time.time()
    presence = Presence(
        tenant_id=tenant_id,
        task_id=task_id,
        user_id=device.user_id,
        device_id=device.id,
        last_seen_at=clock.stamp(now),
        # Whole seconds, as time to live counts them: never less than the window.
        expires_at=math.ceil(now + PRESENCE_SECONDS),
    )
    return PRESENCES.put(presence)


def leave(tenant_id: str, task_id: str, user_id: str, device_id: str) -> Item:
    """The action that takes a device's presence back, whether there is any or not."""
    return {"Delete": {"Key": row_key(keys.presence(tenant_id, task_id, user_id, device_id))}}


def presences(table: Table, tenant_id: str, task_id: str, user_id: str) -> Sequence[Presence]:
    """Read what the person's devices said of a task, also what does not count any more: 1 query."""
    pk, prefix = keys.presence(tenant_id, task_id, user_id, "")
    found, _ = table.query(
        KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
        ConsistentRead=True,
    )
    return [PRESENCES.from_item(item) for item in found]


def watching(
    table: Table, tenant_id: str, task_id: str, user_id: str, registered: Mapping[str, Device]
) -> tuple[str, ...]:
    """Read which of a person's devices, which were read by their ids, show a task now: 1 query."""
    found = presences(table, tenant_id, task_id, user_id)
    now = time.time()
    return tuple(each.device_id for each in found if is_watching(each, registered.get(each.device_id), now))


def forget(table: Table, device: Device) -> bool:
    """Remove a device that a push service no longer knows; False when it was registered again or went meanwhile."""
    try:
        table.write(remove(device))
    except ConditionFailed:
        return False
    return True
