"""Time as the ledger keeps it: UTC, ISO 8601 with milliseconds and a `Z`."""

import re
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


#: A leap second: the 60th of a minute, which RFC 3339 §5.7 knows and clocks of computers do not count.
_LEAP_SECOND = re.compile(r".{8,10}[T ]\d\d:?\d\d:?60([.,Z+-].*)?")
#: The year of the zero value that several languages have for "no time".
_ZERO_YEAR = 1


class UnsupportedTime(ValueError):
    """A date-time that is well formed and cannot be kept; `expected` says what would be right."""

    def __init__(self, reason: str, expected: str) -> None:
        super().__init__(reason)
        self.expected = expected


def to_datetime(text: str) -> datetime:
    """Return any ISO 8601 date-time in UTC; without an offset it is UTC, and `t` and `z` are `T` and `Z`.

    Raises ValueError when the text is not a date-time, UnsupportedTime when it is one of a leap second or a far year.
    """
    given = text.upper()
    if _LEAP_SECOND.fullmatch(given):
        raise UnsupportedTime("has a leap second", "a second from 00 to 59")
    found = datetime.fromisoformat(given)
    _refuse_zero(found)
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise UnsupportedTime("is in the year 10000 in UTC", "a year up to 9999") from None


def instant(text: str) -> str:
    """Return any ISO 8601 date-time in the ledger's form; raises ValueError as `to_datetime` does."""
    return to_datetime(text).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def midnight(due: str) -> str:
    """Return the midnight, UTC, of a date; an instant as it is."""
    return f"{due}T00:00:00.000Z" if len(due) == 10 else due


def calendar_day(text: str) -> str:
    """Return the text when it is a real date `YYYY-MM-DD`; raises ValueError as `to_datetime` does."""
    found = date.fromisoformat(text)
    if found.isoformat() != text:
        raise ValueError("not a date of the form YYYY-MM-DD")
    _refuse_zero(found)
    return text


def _refuse_zero(found: date) -> None:
    if found.year == _ZERO_YEAR:
        raise UnsupportedTime(
            "is in the year 0001, which means no time", "a later year; leave the field out for no time"
        )


def milliseconds(text: str) -> int:
    """Return an instant of the ledger's form in whole milliseconds since the epoch."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)
