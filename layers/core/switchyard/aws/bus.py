"""The EventBridge bus: the only place that talks to it."""

import os
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from switchyard.aws.clients import make_client
from switchyard.aws.retry import UNREACHABLE, pauses

#: What one PutEvents takes.
ENTRIES_MAX = 10
BYTES_MAX = 240_000
_FIRST_PAUSE = 0.05
_TRIES = 4

Entry = dict[str, Any]


class Bus:
    """One event bus. `deadline` is a time.monotonic() value: no retry starts after it."""

    def __init__(self, name: str, client: Any) -> None:
        self.name = name
        self.client = client
        self.deadline = time.monotonic() + 30

    @classmethod
    def from_environment(cls) -> "Bus":
        """Return the bus of the environment variable BUS_NAME."""
        return cls(os.environ["BUS_NAME"], make_client("events"))

    def put(self, entries: Sequence[Entry]) -> list[Exception | None]:
        """Put all entries, a request for at most ten; returns for each what it finally failed with, or None."""
        outcome: list[Exception | None] = [None] * len(entries)
        for positions in _batches(entries):
            left = positions
            for attempt, pause in zip(range(1, _TRIES + 1), pauses(_FIRST_PAUSE), strict=False):
                failed = self._send([entries[position] for position in left])
                for position, error in zip(left, failed, strict=True):
                    outcome[position] = error
                left = [position for position in left if outcome[position] is not None]
                if not left or attempt == _TRIES or time.monotonic() + pause > self.deadline:
                    break
                time.sleep(pause)
        return outcome

    def _send(self, entries: Sequence[Entry]) -> list[Exception | None]:
        try:
            answer = self.client.put_events(Entries=[{**entry, "EventBusName": self.name} for entry in entries])
        except (ClientError, *UNREACHABLE) as error:
            return [error] * len(entries)
        return [
            NotTaken(f"{each['ErrorCode']}: {each.get('ErrorMessage', '')}") if each.get("ErrorCode") else None
            for each in answer["Entries"]
        ]


class NotTaken(Exception):
    """The bus refused one entry of a request."""


def _batches(entries: Sequence[Entry]) -> list[list[int]]:
    batches: list[list[int]] = []
    size = 0
    for position, entry in enumerate(entries):
        own = len(entry["Detail"].encode()) + 500
        if not batches or len(batches[-1]) == ENTRIES_MAX or size + own > BYTES_MAX:
            batches.append([])
            size = 0
        batches[-1].append(position)
        size += own
    return batches
