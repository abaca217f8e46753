"""Retries of AWS calls: what may pass is tried again with jitter, within the time that is left.

A deadline is a time.monotonic() value. Pauses double and are jittered over their whole length, as AWS advises
("Exponential Backoff And Jitter", AWS Architecture Blog).
"""

import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from switchyard.aws.errors import ApiError, Unreachable
from switchyard.aws.transport.client import time_limit
from switchyard.domain.errors import Busy

#: Seconds kept back from a call's deadline, for the answer itself.
RESERVE = 0.5
_FIRST_PAUSE = 0.025
_LONGEST_PAUSE = 1.0


def pauses(first: float = _FIRST_PAUSE, longest: float = _LONGEST_PAUSE, factor: float = 2) -> Iterator[float]:
    """Return the seconds to wait before each further attempt: random, up to a bound that grows to `longest`."""
    bound = first
    while True:
        yield random.uniform(0, bound)  # noqa: S311 - jitter, not a secret
        bound = min(bound * factor, longest)


@contextmanager
def within(deadline: float) -> Iterator[None]:
    """Have each call that is made within end before the deadline, with time left for the answer.

    After the deadline a call may take as long as any.
    """
    limit = time_limit.set(_limit(deadline))
    try:
        yield
    finally:
        time_limit.reset(limit)


def _limit(deadline: float) -> float:
    now = time.monotonic()
    return max(deadline - RESERVE, now + RESERVE) if now < deadline else math.inf


def call[T](
    make: Callable[[], T],
    deadline: float,
    is_retryable: Callable[[ApiError], bool],
    busy: str = "AWS did not answer in time: try again in a second.",
) -> T:
    """Make one API call; what may pass is tried again until the deadline, also when nobody knows whether it was done.

    So `make` must be safe to repeat: what it writes has a token, a name or a condition by which it knows itself again.
    Each attempt ends before the deadline. If that passed before the call, there is one attempt, as long as any call may
    take. Raises Busy when the time is over, and the ApiError that is not to be tried again.
    """
    cause: Exception | None = None
    further = pauses()
    while True:
        limit = time_limit.set(_limit(deadline))
        try:
            return make()
        except ApiError as error:
            if not is_retryable(error):
                error.repeated = cause is not None
                raise
            cause = error
        except Unreachable as error:
            cause = error
        finally:
            time_limit.reset(limit)
        wait_until(deadline, next(further), busy, cause)


def wait_until(deadline: float, pause: float, busy: str, cause: Exception | None = None) -> None:
    """Sleep for the pause; raises Busy instead when the deadline would be too near afterwards."""
    if time.monotonic() + pause > deadline - RESERVE:
        raise Busy(busy) from cause
    time.sleep(pause)
