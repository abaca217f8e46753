"""One instant that tests of bounds call now, and those before and after it."""

from switchyard.domain import clock

#: Seconds since the epoch.
NOW = 1_780_650_000.0


def at(seconds: float) -> str:
    """Return the instant so many seconds from now."""
    return clock.stamp(NOW + seconds)
