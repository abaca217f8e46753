"""Devices of a person, and which of them show a task just now (contract: projects.md §8)."""

import uuid
from typing import Literal

from switchyard.domain.structs import Struct

Platform = Literal["ios", "android", "web"]

#: Devices of one person: a further one takes the place of the one that was seen longest ago.
DEVICES_MAX = 20
TOKEN_MAX = 512
#: Seconds for which a sign of presence counts.
PRESENCE_SECONDS = 60


class Device(Struct, kw_only=True):
    """One device that can be notified. `token` is the push service's name for it and never shown."""

    tenant_id: str
    user_id: str
    id: str
    token: str
    platform: str
    created_at: str
    last_seen_at: str


class Presence(Struct, kw_only=True):
    """A device that showed a task at `last_seen_at`; it counts until `expires_at`, in seconds since the epoch."""

    tenant_id: str
    task_id: str
    user_id: str
    device_id: str
    last_seen_at: str
    expires_at: int


def device_id(tenant_id: str, user_id: str, token: str) -> str:
    """Return the one id of a person's device: registering it again finds the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"switchyard:{tenant_id}:{user_id}:{token}"))


def is_watching(presence: Presence, device: Device | None, now: float) -> bool:
    """Return, by the clock (`now` in seconds since the epoch) whether a device that is still registered shows the task.

    A sign from before the device's registration is that of an earlier one, which was given up.
    """
    return device is not None and presence.expires_at > now and presence.last_seen_at >= device.created_at


def evicted(devices: list[Device]) -> list[Device]:
    """Return those of a person's devices that one further device leaves no place for: seen longest ago."""
    surplus = len(devices) + 1 - DEVICES_MAX
    return sorted(devices, key=lambda each: (each.last_seen_at, each.id))[: max(0, surplus)]
