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

    token: Token  #: The device's push token, as the push service gave it to the app; 512 characters at most.
    platform: Platform  #: Which kind of device it is.


class UnregisterDevice(Body):
    token: Token  #: The push token to forget.


class BeatPresence(Body):
    """`device_id` is the id that registering the device answered with."""

    device_id: Uuid  #: Id of the device that shows the task, as registering it answered.


class EndPresence(Body):
    """`device_id` may be in the query instead, for clients that send no body with a DELETE; without one, all leave."""

    device_id: Uuid = ABSENT  #: Id of the device that shows the task no longer; all of the caller's when left out.


class EndPresenceParams(Params):
    device_id: Uuid = ABSENT  #: The same as in the body, for clients that send none with a DELETE.


class ListNotifications(Params):
    limit: Limit = LIMIT
    cursor: Cursor = ABSENT


class DeviceShown(Shown):
    """A device; its push token is never shown."""

    id: str  #: The device's UUID.
    platform: Platform  #: Which kind of device it is.
    created_at: str  #: When it was created: an instant in UTC.
    last_seen_at: str  #: When it last registered: an instant in UTC.


class DeviceList(Shown):
    """All devices of the caller: 20 at most, so that there are no pages."""

    results: list[DeviceShown]  #: The devices, the one that was seen last first.


class ToldDevice(Shown):
    """What became of one device, in the push service's words; `reference` is its name of what it took."""

    id: str  #: The device's UUID.
    platform: Platform  #: Which kind of device it is.
    outcome: Outcome  #: What became of the message.
    error: str | None  #: Why it was not taken, in the push service's words; null if it was.
    reference: str | None  #: The push service's own id of what it took; null for nothing.
    tried_at: str | None  #: When it was last tried: an instant in UTC; null if it was not.


class NotificationShown(Shown):
    """A notification to a person; `present_devices` showed the task at that time."""

    id: str  #: The notification's id.
    task: str  #: UUID of the task.
    run: str | None  #: UUID of the run; null for a reminder.
    kind: Kind  #: What the run did; `due` for a reminder.
    title: str  #: First line of the message.
    body: str  #: Text of the message.
    recipient: str  #: Id of the user who is told.
    decided: Decision  #: Whether devices were told, and if not, why.
    present_devices: list[str]  #: Ids of the devices that showed the task at that time.
    devices: list[ToldDevice]  #: What became of each device.
    attempts: int  #: How often it was tried.
    created_at: str  #: When it was created: an instant in UTC.


class NotificationPage(Shown):
    next: str | None  #: `cursor` of the next page; null at the end of the list.
    results: list[NotificationShown]  #: The page's notifications, newest first.
