"""Time as the ledger keeps it: UTC, ISO 8601 with milliseconds and a `Z`."""

import time
from datetime import UTC, date, datetime


def now() -> str:
    """Return the current instant, e.g. `2026-06-05T09:30:00.123Z`."""
    return stamp(time.time())


def stamp(seconds: float) -> str:
    """Return an instant given in seconds since the epoch in the ledger's form."""
    whole, fraction = divmod(round(seconds * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{fraction:03d}Z"


def epoch() -> int:
    """Return the current time in whole seconds since the epoch, as TTL attributes carry it."""
    return int(time.time())


def moment(text: str) -> datetime:
    """Return any ISO 8601 date-time in UTC; a time without an offset is UTC.

    Raises ValueError when the text is no date-time.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the years 1 to 9999 in UTC") from None


def instant(text: str) -> str:
    """Return any ISO 8601 date-time in the ledger's form; raises ValueError as `moment` does."""
    return moment(text).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def calendar_day(text: str) -> str:
    """Return the text when it is a real date `YYYY-MM-DD`; raises ValueError otherwise."""
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("not a date of the form YYYY-MM-DD")
    return text


def milliseconds(text: str) -> int:
    """Return an instant of the ledger's form in whole milliseconds since the epoch."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)
