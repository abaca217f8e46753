"""Follow a run: what its command prints, as it prints it, and how it ends."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from switchyard.worker.client import FINAL, Client, Deadline, Refused, Unreachable

#: Seconds between two requests while all is well: the stream comes in one answer after the other.
_AGAIN = 0.3
#: Attempts that fail one after the other until the follower gives up.
_ATTEMPTS = 10
_NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Event:
    """A server-sent event: its id (that of the last one that had one), its name, its data."""

    id: str
    name: str
    data: str


def parse(lines: Iterable[str], last_id: str = "") -> Iterator[Event]:
    """Read server-sent events from lines."""
    name, data = "message", list[str]()
    for line in lines:
        if not line:
            if data:
                yield Event(last_id, name, "\n".join(data))
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "id":
            last_id = value
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)


def events(client: Client, run_url: str, deadline: Deadline) -> Iterator[Event]:
    """Return the events of a run from its beginning to its end, taking up the stream where it broke off.

    Raises Refused, and Unreachable when the service does not answer again and again.
    """
    url, last_id, failures = f"{run_url.rstrip('/')}/stream/", "", 0
    while True:
        problem = ""
        try:
            with client.events(url, {"last-event-id": last_id} if last_id else {}) as answer:
                if answer.status_code == _NO_CONTENT:
                    return
                if answer.status_code >= 500 or answer.status_code == 429:
                    problem = f"status {answer.status_code}"
                elif answer.status_code >= 400:
                    answer.read()
                    raise Refused(answer.status_code, answer.text[:500])
                else:
                    for event in parse(answer.iter_lines(), last_id):
                        last_id, failures = event.id, 0
                        yield event
                        if event.name == "end":
                            return
        except httpx.TransportError as error:
            problem = f"{type(error).__name__}: {error}"
        failures = failures + 1 if problem else 0
        if failures >= _ATTEMPTS or not deadline.pause(_AGAIN * 2**failures):
            raise Unreachable(problem or "stopped")


def lines(events: Iterable[Event]) -> Iterator[str]:
    """Return what people see of a run's events: each line of its log, and its status when that changes.

    How it ended comes last, though the stream tells it as soon as it is known.
    """
    status, ending = None, None
    for event in events:
        if event.name == "keepalive":
            continue
        data: Any = json.loads(event.data)
        if event.name == "end":
            yield ending or f"-- {data['status']}"
        elif data.get("type") != "task_run_state":
            text = _text(data)
            yield event.data if text is None else text
        elif data["status"] != status:
            status = data["status"]
            line = f"-- {status}: {data['error_message']}" if data.get("error_message") else f"-- {status}"
            if status in FINAL:
                ending = line
            else:
                yield line


def _text(entry: Any) -> str | None:
    """Return the text of a log entry that is a line of output, the worker's or another agent's; None for others."""
    notification = entry.get("notification")
    params = notification.get("params") if isinstance(notification, dict) else None
    found = params.get("text", params.get("message")) if isinstance(params, dict) else None
    return found if isinstance(found, str) else None
