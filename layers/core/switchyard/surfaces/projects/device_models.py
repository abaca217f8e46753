"""Wire models of devices, presence and notifications (contract: projects.md §8; docs/push.md)."""

from typing import Annotated

from switchyard.domain.devices import TOKEN_MAX, Platform
from switchyard.domain.notifications import Decision, Kind, Outcome
from switchyard.http.models import Field, Shown
from switchyard.surfaces.inputs import ABSENT, Cursor, NotBlank, OneLine
from switchyard.surfaces.projects.inputs import LIMIT, Body, Limit, Params, Uuid

Token = Annotated[str, Field(min_length=1, max_length=TOKEN_MAX), NotBlank, OneLine]


class RegisterDevice(Body):
    """A device's push token, as the push service gave it to the app."""

    token: Token
    platform: Platform


class UnregisterDevice(Body):
    token: Token


class BeatPresence(Body):
    """`device_id` is the id that registering the device answered with."""

    device_id: Uuid


class EndPresence(Body):
    """`device_id` may be in the query instead, for clients that send no body with a DELETE; without one, all leave."""

    device_id: Uuid = ABSENT


class EndPresenceParams(Params):
    device_id: Uuid = ABSENT


class ListNotifications(Params):
    limit: Limit = LIMIT
    cursor: Cursor = ABSENT


class DeviceShown(Shown):
    """A device; its push token is never shown."""

    id: str
    platform: Platform
    created_at: str
    last_seen_at: str


class ToldDevice(Shown):
    """What became of one device, in the push service's words; `reference` is its name of what it took."""

    id: str
    platform: Platform
    outcome: Outcome
    error: str | None
    reference: str | None
    tried_at: str | None


class NotificationShown(Shown):
    """A notification to the task's creator; `present_devices` showed the task at that time."""

    id: str
    task: str
    run: str
    kind: Kind
    title: str
    body: str
    recipient: str
    decided: Decision
    present_devices: list[str]
    devices: list[ToldDevice]
    attempts: int
    created_at: str


class NotificationPage(Shown):
    next: str | None
    results: list[NotificationShown]
