"""Follow a run: what its command prints, as it prints it, and how it ends."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent

from switchyard_client.client import FINAL, Client, checked
from switchyard_client.errors import Unreachable
from switchyard_client.retries import PASSING, SILENCE, Attempts, Deadline, described, retry_after

#: Seconds between two requests while all is well: the stream comes in one answer after the other.
_AGAIN = 0.3
#: Seconds without an event or a whole answer after which the follower gives up.
_GIVE_UP = 300.0
#: Seconds that an answer of the stream takes at most on purpose, where a gateway hands it on as a whole.
_WHOLE = 20.0
_NO_CONTENT = 204


def events(client: Client, run_url: str, deadline: Deadline) -> Iterator[ServerSentEvent]:
    """Return the events of a run from its beginning to its end, taking up the stream where it broke off.

    Raises Refused, and Unreachable when the service does not answer for five minutes, or at the deadline.
    """
    url, last_id = f"{run_url.rstrip('/')}/stream", ""
    attempts = Attempts(f"GET {url}", deadline, client.notify, give_up=_GIVE_UP)
    while True:
        problem, wanted = "", 0.0
        try:
            with ExitStack() as stack:
                begun = time.monotonic()
                with attempts.attempt():
                    answer = stack.enter_context(client.events(url, last_id))
                if answer.is_success and time.monotonic() - begun > SILENCE:
                    attempts.expect(_WHOLE)
                if answer.status_code == _NO_CONTENT:
                    return
                if answer.status_code in PASSING:
                    problem, wanted = f"status {answer.status_code}", retry_after(answer)
                else:
                    if not answer.is_success:
                        answer.read()
                        checked(answer)
                    for event in EventSource(answer).iter_sse():
                        attempts.went_through()
                        if not event.data:
                            continue  # an id or a pause alone
                        last_id = event.id or last_id
                        yield event
                        if event.event == "end":
                            return
                    attempts.went_through()
        except httpx.TransportError as error:
            problem = described(error)
        if problem:
            attempts.failed(problem, wanted)
        elif not deadline.pause(_AGAIN):
            raise Unreachable("stopped by a signal")


def lines(events: Iterable[ServerSentEvent]) -> Iterator[str]:
    """Return what people see of a run's events: each line of its log, and its status when that changes.

    How it ended comes last, though the stream has it as soon as it is known.
    """
    status, ending = None, None
    for event in events:
        if event.event == "keepalive":
            continue
        data: Any = json.loads(event.data)
        if event.event == "comment":
            yield f"-- {data['author']}: {data['text']}"
        elif event.event == "end":
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
