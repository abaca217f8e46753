"""Trying again: for how long, with which pauses, and how people are notified meanwhile."""

import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from switchyard_client.errors import Unreachable

#: Statuses after which the same request may go through.
PASSING = frozenset({429, 500, 502, 503, 504})
#: Seconds before the second attempt, and at most before any.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.3, 10.0
#: Seconds without an answer after which people are notified.
SILENCE = 2.0

#: Takes one line for the human who watches.
Notify = Callable[[str], None]


class Deadline:
    """Until when, by time.monotonic(), a request may be retried; `until` may move.

    `stop` ends all waiting, `farewell` seconds after it was set.
    """

    def __init__(self, until: float = math.inf, stop: threading.Event | None = None, farewell: float = 0.0) -> None:
        self.until = until
        self.stop = stop or threading.Event()
        self._farewell = farewell
        self._stopped = math.inf

    def pause(self, seconds: float) -> bool:
        """Wait; False at once when there would be no time left afterwards."""
        due = time.monotonic() + seconds
        if due >= self.until:
            return False
        if self.stop.wait(seconds):
            self._stopped = min(self._stopped, time.monotonic())
            if due > self._stopped + self._farewell:
                return False
            time.sleep(max(0.0, due - time.monotonic()))
        return True


class Attempts:
    """The attempts at one request, `what`. `patience`: seconds that an answer may take on purpose.

    A service that does not answer is not an error while there is time. After two seconds of it, `notify` gets a line
    that says what is tried and when.
    """

    def __init__(
        self, what: str, deadline: Deadline, notify: Notify, patience: float = 0.0, give_up: float = math.inf
    ) -> None:
        self._what, self._deadline, self._notify = what, deadline, notify
        self._patience, self._give_up = patience, give_up
        self._pause = _FIRST_PAUSE
        self._failing_since: float | None = None
        self._reported = False

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Make one attempt, and notify people when it gets no answer for longer than it may take."""
        begun = time.monotonic()
        timer = threading.Timer(self._patience + SILENCE, self._say, ["no answer yet, still waiting"])
        timer.daemon = True
        timer.start()
        try:
            yield
        except httpx.TransportError:
            if self._failing_since is None:
                self._failing_since = begun
            raise
        finally:
            timer.cancel()

    def expect(self, seconds: float) -> None:
        """Take it that answers take so long on purpose, from now on."""
        self._patience = seconds

    def failed(self, problem: str, wanted: float = 0.0) -> None:
        """Wait before the next attempt, `wanted` seconds at least. Raises Unreachable when there is no time for one."""
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        pause = max(wanted, random.uniform(0.5, 1) * self._pause)  # noqa: S311 - jitter, not a secret
        passed = now + pause - self._failing_since
        if passed > self._give_up:
            raise Unreachable(problem)
        if passed >= SILENCE:
            self._say(f"{problem}; trying again in {pause:.1f} s")
        if not self._deadline.pause(pause):
            raise Unreachable(problem)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def went_through(self) -> None:
        """Note an answer: what fails from now on is a new failure."""
        if self._reported:
            self._say("answered")
        self._pause, self._failing_since, self._reported = _FIRST_PAUSE, None, False

    def _say(self, text: str) -> None:
        self._reported = True
        self._notify(f"{self._what}: {text}")


def patiently(attempt: Callable[[], httpx.Response], attempts: Attempts) -> httpx.Response:
    """Return the answer of the first attempt that goes through. Raises Unreachable."""
    while True:
        try:
            with attempts.attempt():
                answer = attempt()
        except httpx.TransportError as error:
            attempts.failed(described(error))
            continue
        if answer.status_code not in PASSING:
            attempts.went_through()
            return answer
        attempts.failed(f"status {answer.status_code}", retry_after(answer))


def described(error: Exception) -> str:
    """Return an error's kind and words."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def retry_after(answer: httpx.Response) -> float:
    """Return the seconds that an answer asks to wait, 0 when it asks for none."""
    given = answer.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else 0.0
