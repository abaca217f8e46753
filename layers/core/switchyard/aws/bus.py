"""The EventBridge bus: the only place that talks to it."""

import os
import time
from collections.abc import Sequence
from typing import Any

from switchyard.aws.clients import make_client
from switchyard.aws.sending import NotTaken, Outcome, send_all

#: Bytes of one PutEvents. All entries together may have 1 MB since January 2026 ("Calculating PutEvents event entry
#: size", EventBridge user guide; AWS Compute Blog on 1 MB payloads) and had 256 KB before, which holds everywhere.
BYTES_MAX = 240_000

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

    def send(self, entries: Sequence[Entry]) -> Outcome:
        """Put all entries; returns for each what it finally failed with, or None."""
        return send_all(entries, _size, BYTES_MAX, self._post, self.deadline)

    def _post(self, entries: Sequence[Entry]) -> Outcome:
        answer = self.client.put_events(Entries=[{**entry, "EventBusName": self.name} for entry in entries])
        return [
            NotTaken(each["ErrorCode"], each.get("ErrorMessage", "")) if each.get("ErrorCode") else None
            for each in answer["Entries"]
        ]


def _size(entry: Entry) -> int:
    return len(entry["Detail"].encode()) + 500
