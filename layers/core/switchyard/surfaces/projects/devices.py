"""A person's devices, and their presence on tasks (contract: projects.md §8)."""

from switchyard.domain.devices import Device, device_id
from switchyard.domain.errors import FieldError, Invalid
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.http.statuses import EndpointRefusal
from switchyard.store import devices as device_rows
from switchyard.store import keys
from switchyard.surfaces.projects.device_models import (
    BeatPresence,
    EndPresence,
    EndPresenceParams,
    RegisterDevice,
    UnregisterDevice,
)
from switchyard.surfaces.projects.scope import task_in
from switchyard.surfaces.projects.surface import Missing

_OTHERS_DEVICES = {
    "type": "authentication_error",
    "code": "permission_denied",
    "detail": "Push tokens can only be managed via the `@me` path.",
    "attr": None,
}
_NOT_REGISTERED = "device_id does not match a push token registered by the caller"


def register(call: Call[RegisterDevice]) -> Reply:
    """Add the device of a RegisterDevice body to the caller's, or note that it was seen again."""
    _refuse_others(call)
    body = call.body
    table, tenant, user = call.unit.table, call.actor.tenant_id, call.actor.id
    known = device_rows.of_person(table, tenant, user)
    mine = device_id(tenant, user, body.token)
    found = next((each for each in known.devices if each.id == mine), None)
    if found:
        device, action = device_rows.refresh(found, body.platform)
        call.unit.write(action)
    else:
        former = device_rows.holder(table, tenant, body.token)
        device, actions = device_rows.add(known, tenant, user, body.token, body.platform, former)
        call.unit.write(*actions)
    return Reply(200, _shown(device))


def unregister(call: Call[UnregisterDevice]) -> Reply:
    """Remove the device of an UnregisterDevice body from the caller's, if it is among them."""
    _refuse_others(call)
    body = call.body
    tenant, user = call.actor.tenant_id, call.actor.id
    row = call.unit.row(keys.device(tenant, user, device_id(tenant, user, body.token)))
    if row:
        call.unit.write(*device_rows.remove(device_rows.device_from(row)))
    return Reply(204)


def list_all(call: Call) -> Reply:
    """Answer with the caller's devices, the one that was seen last first: 1 query."""
    _refuse_others(call)
    found = device_rows.of_person(call.unit.table, call.actor.tenant_id, call.actor.id).devices
    found.sort(key=lambda each: (each.last_seen_at, each.id), reverse=True)
    return Reply(200, {"results": [_shown(each) for each in found]})


def delete(call: Call) -> Reply:
    """Remove the device of the path from the caller's, by its id; raises Missing."""
    _refuse_others(call)
    row = call.unit.row(keys.device(call.actor.tenant_id, call.actor.id, call.path_id("device_id")))
    if row is None:
        raise Missing(_NOT_REGISTERED)
    call.unit.write(*device_rows.remove(device_rows.device_from(row)))
    return Reply(204)


def beat(call: Call[BeatPresence]) -> Reply:
    """Note that a device of the caller shows the task of the path: 1 read and 1 write."""
    body = call.body
    device_key = keys.device(call.actor.tenant_id, call.actor.id, body.device_id)
    task = task_in(call, rows=[device_key])
    row = call.unit.row(device_key)
    if row is None:
        raise Missing(_NOT_REGISTERED)
    call.unit.write(device_rows.beat(call.actor.tenant_id, task.id, device_rows.device_from(row)))
    return Reply(204)


def leave(call: Call[EndPresence, EndPresenceParams]) -> Reply:
    """End the presence on the task of the path: of a device of the caller, or of all when none is named.

    1 read and 1 write; for all devices a query and a transaction, none when nobody is there.
    """
    named = _named(call)
    tenant, user = call.actor.tenant_id, call.actor.id
    device_key = keys.device(tenant, user, named) if named else None
    task = task_in(call, rows=[device_key] if device_key else [])
    if device_key and call.unit.row(device_key) is None:
        raise Missing(_NOT_REGISTERED)
    there = (
        [named] if named else [each.device_id for each in device_rows.presences(call.unit.table, tenant, task.id, user)]
    )
    call.unit.write(*(device_rows.leave(tenant, task.id, user, each) for each in there))
    return Reply(204)


def _named(call: Call[EndPresence, EndPresenceParams]) -> str | None:
    """Return the device of a DELETE, from its body or its query; None for all of them. Raises Invalid for two."""
    body = call.body
    query = call.query
    named = {each for each in (body.device_id, query.device_id) if each is not None}
    if len(named) > 1:
        raise Invalid(FieldError("device_id", "differs from the one in the query", "one device"))
    return named.pop() if named else None


def _refuse_others(call: AnyCall) -> None:
    if call.path["user"] != "@me":
        raise EndpointRefusal(403, _OTHERS_DEVICES)


def _shown(device: Device) -> dict[str, str]:
    return {
        "id": device.id,
        "platform": device.platform,
        "created_at": device.created_at,
        "last_seen_at": device.last_seen_at,
    }
