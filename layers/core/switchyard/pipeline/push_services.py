"""The services that notify devices: Expo's push service and Amazon SNS mobile push, chosen by the template.

Each returns the outcome for every device. What may succeed later stays `pending`, to be retried.
"""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import urllib3

from switchyard.aws import mobile_push
from switchyard.domain.devices import Device
from switchyard.domain.notifications import TITLE, Attempted, Notification, Outcome
from switchyard.domain.structs import Struct

_SECONDS = 10.0
_ANSWER_BYTES_MAX = 1_048_576
_ERROR_MAX = 500
_NO_LONGER_KNOWN = "DeviceNotRegistered"
_LATER = frozenset({"MessageRateExceeded"})
#: Refusals that one message of several may have brought upon all.
_SPLITS = frozenset({400, 413, 422})
#: Temporary errors, and those that an operator can fix meanwhile.
_TRY_AGAIN = frozenset({401, 403, 404, 408, 425, 429})


class PushService(Protocol):
    """A push service; `batch` is how many devices it accepts in one request."""

    @property
    def batch(self) -> int: ...

    def send(self, devices: Sequence[Device], notification: Notification) -> list[Attempted]:
        """Notify up to `batch` devices; returns the outcome for each, in their order. Raises no errors of its own."""


def from_environment() -> PushService | None:
    """Return the service that PUSH_SERVICE names; None when there is none."""
    name = os.environ["PUSH_SERVICE"]
    if name == "expo":
        return Expo(os.environ["EXPO_URL"], os.environ["EXPO_ACCESS_TOKEN"])
    if name == "sns":
        applications = {"ios": os.environ["SNS_IOS_APPLICATION"], "android": os.environ["SNS_ANDROID_APPLICATION"]}
        return Sns(applications, mobile_push.MobilePush.from_environment())
    if name == "none":
        return None
    raise ValueError(f"PUSH_SERVICE is {name!r}: expected none, expo or sns")


@cache
def shared() -> PushService | None:
    """Return the container's service, made on first use."""
    return from_environment()


def _tried(device: Device, outcome: Outcome, error: str | None = None, reference: str | None = None) -> Attempted:
    """Return what became of a device, without its token: services quote it, and others may see this."""
    shown = error.replace(device.token, "…")[:_ERROR_MAX] if error else None
    return Attempted(platform=device.platform, outcome=outcome, error=shown, reference=reference)


# ---------------------------------------------------------------- Expo


class Expo(Struct):
    """Expo's push service over HTTP; the access token is needed only where the Expo project asks for one."""

    url: str
    access_token: str = ""
    batch: int = 100

    def send(self, devices: Sequence[Device], notification: Notification) -> list[Attempted]:
        """Send all in one request; if that is refused, one at a time, so that a bad token affects no other device."""
        text = {"title": TITLE, "body": notification.body, "sound": "default", "data": notification.data}
        try:
            status, answer = self._post([{"to": device.token, **text} for device in devices])
        except urllib3.exceptions.HTTPError as error:
            return [_tried(device, "pending", f"No answer: {type(error).__name__}: {error}") for device in devices]
        if status in _SPLITS and len(devices) > 1:
            return [self.send([device], notification)[0] for device in devices]
        if not 200 <= status < 300:
            outcome: Outcome = "pending" if status in _TRY_AGAIN or status >= 500 or status < 400 else "refused"
            problem = f"The push service answered with {status}. {_codes(answer)}"
            return [_tried(device, outcome, problem) for device in devices]
        tickets = _tickets(answer, len(devices))
        if tickets is None:
            problem = f"The push service answered with {status} and no tickets. {_codes(answer)}"
            return [_tried(device, "pending", problem) for device in devices]
        return [_read(device, ticket) for device, ticket in zip(devices, tickets, strict=True)]

    def _post(self, messages: list[Mapping[str, Any]]) -> tuple[int, bytes]:
        headers = {"content-type": "application/json", "accept": "application/json", "user-agent": "switchyard-push"}
        if self.access_token:
            headers["authorization"] = f"Bearer {self.access_token}"
        with urllib3.PoolManager(timeout=urllib3.Timeout(total=_SECONDS)) as pool:
            answer = pool.request(
                "POST",
                self.url,
                body=json.dumps(messages, ensure_ascii=False).encode(),
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            content = answer.read(_ANSWER_BYTES_MAX)
            answer.close()
            return answer.status, content


def _codes(answer: bytes) -> str:
    """Return the error codes of an answer, and nothing else: its texts may quote tokens of any device."""
    try:
        errors = json.loads(answer)["errors"]
        return ", ".join(str(each["code"]) for each in errors)
    except (ValueError, TypeError, KeyError):
        return ""


def _tickets(answer: bytes, count: int) -> list[Mapping[str, Any]] | None:
    """Return the tickets of an answer, one for each message; None for an answer of another shape."""
    try:
        tickets = json.loads(answer)["data"]
    except (ValueError, TypeError, KeyError):
        return None
    fits = isinstance(tickets, list) and len(tickets) == count and all(isinstance(each, dict) for each in tickets)
    return tickets if fits else None


def _read(device: Device, ticket: Mapping[str, Any]) -> Attempted:
    if ticket.get("status") == "ok":
        return _tried(device, "accepted", reference=str(ticket.get("id") or "") or None)
    details = ticket.get("details")
    code = details.get("error") if isinstance(details, dict) else None
    problem = f"{code or 'error'}: {ticket.get('message') or ''}"
    if code == _NO_LONGER_KNOWN:
        return _tried(device, "removed", problem)
    return _tried(device, "pending" if code in _LATER else "refused", problem)


# ---------------------------------------------------------------- Amazon SNS


class Sns(Struct):
    """Amazon SNS mobile push; `applications` are the ARNs of its platform applications by platform ("": none)."""

    applications: Mapping[str, str]
    client: mobile_push.MobilePush
    batch: int = 1

    def send(self, devices: Sequence[Device], notification: Notification) -> list[Attempted]:
        """Publish to the devices one at a time."""
        return [self._send(device, notification) for device in devices]

    def _send(self, device: Device, notification: Notification) -> Attempted:
        application = self.applications.get(device.platform)
        if not application:
            return _tried(device, "refused", f"No platform application is configured for {device.platform}.")
        try:
            reference = self.client.publish(application, device.token, _payload(notification))
        except mobile_push.Gone as error:
            return _tried(device, "removed", str(error))
        except mobile_push.Refused as error:
            return _tried(device, "refused", str(error))
        except mobile_push.Unavailable as error:
            return _tried(device, "pending", str(error))
        return _tried(device, "accepted", reference=reference)


def _payload(notification: Notification) -> str:
    """Return the message as SNS takes it: for each protocol the JSON text of its own notification."""
    alert = {"title": TITLE, "body": notification.body}
    apple = json.dumps({"aps": {"alert": alert, "sound": "default"}, **notification.data}, ensure_ascii=False)
    google = {"fcmV1Message": {"message": {"notification": alert, "data": notification.data}}}
    texts = {
        "default": notification.body,
        "APNS": apple,
        "APNS_SANDBOX": apple,
        "GCM": json.dumps(google, ensure_ascii=False),
    }
    return json.dumps(texts, ensure_ascii=False)
