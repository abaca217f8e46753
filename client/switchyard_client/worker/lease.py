"""The worker's hold on a run: extended while the command works, and known to be lost at the latest when it ends."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from switchyard_client.client import Claimed, Client
from switchyard_client.errors import Lost, Refused, Unreachable
from switchyard_client.retries import Deadline


class Lease:
    """Keeps a lease alive in a thread of its own, a heartbeat every third of it.

    `deadline` is its end as this machine reckons: how long trying makes sense. What counts is the fence, over there.
    `tell` gets each comment on the task that a heartbeat is answered with. When the worker is to stop, nothing is tried
    for longer than `farewell` seconds.
    """

    def __init__(
        self,
        client: Client,
        run: Claimed,
        seconds: int,
        stop: threading.Event,
        farewell: float,
        tell: Callable[[Any], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._run = run
        self.seconds = seconds
        self.deadline = Deadline(time.monotonic() + seconds, stop, farewell)
        self._over = threading.Event()
        self._resting = 0
        self._tell, self._read = tell, None
        self.lost: str | None = None
        self._thread = threading.Thread(target=self._beat, name=f"lease {run.run_id}", daemon=True)

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def lose(self, why: str) -> None:
        """Note that the run is not the worker's any more."""
        self.lost = self.lost or why

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Send no heartbeats: a run that waits for an answer is nobody else's, and its lease begins anew with it."""
        self._resting += 1
        try:
            yield
        finally:
            self._resting -= 1

    def _heard(self, lease: Any) -> None:
        for comment in lease.get("comments", ()):
            self._read = comment["id"]
            self._tell(comment)

    def _beat(self) -> None:
        while not self._over.wait(self.seconds / 3):
            if self._resting:
                continue
            asked = time.monotonic()
            try:
                deadline = Deadline(self.deadline.until, self._over)
                self._heard(self._client.heartbeat(self._run, self.seconds, deadline, self._read))
            except Lost as refusal:
                return self.lose(refusal.detail)
            except Refused as refusal:
                return self.lose(f"the heartbeat was refused: {refusal}")
            except Unreachable as problem:
                return self.lose(f"the service did not answer until the lease's end ({problem})")
            if not self._over.is_set():
                self.deadline.until = asked + self.seconds
