"""Why a request did not do what it was sent for. Without httpx, so that a program can name them before it sends any."""

from typing import Any


class Refused(Exception):
    """The service says no to this request, now and later: `status`, its words, and its whole `body` if that is JSON."""

    def __init__(self, status: int, detail: str, body: Any = None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
        self.body = body


class Lost(Refused):
    """The run is not the worker's any more: cancelled, settled, deleted, or with the next worker."""


class Unreachable(Exception):
    """No attempt went through while there was time."""
