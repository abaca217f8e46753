"""Several writers of the same rows: a refused writer reads again and decides again.

Both functions are for loops: each turn reads, decides, writes on the condition of what it read, and leaves the loop.
A turn that ends was refused. If the loop itself ends, the contention lasted too long: raise Busy after it.
"""

import time
from collections.abc import Iterator

from switchyard.aws import retry

#: Attempts of what is delivered again anyway when it fails.
ATTEMPTS_MAX = 8

#: Seconds that a writer waits at most before it decides again: the first time, and in the end.
_FIRST_PAUSE, _LONGEST_PAUSE, _FACTOR = 0.03, 0.4, 4


def until(deadline: float, first_pause: float = _FIRST_PAUSE, longest_pause: float = _LONGEST_PAUSE) -> Iterator[int]:
    """Yield 0, 1, 2 … until the deadline (time.monotonic), with a random pause before each further attempt."""
    yield 0
    for attempt, pause in enumerate(retry.pauses(first_pause, longest_pause, _FACTOR), 1):
        if time.monotonic() > deadline:
            return
        time.sleep(pause)
        yield attempt


def a_few_times() -> Iterator[int]:
    """Yield 0, 1, 2 … up to ATTEMPTS_MAX of them, at once: for the pipeline, where nobody waits for the answer."""
    yield from range(ATTEMPTS_MAX)
