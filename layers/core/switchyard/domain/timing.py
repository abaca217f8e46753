"""When schedules are due: the expressions of EventBridge Scheduler, with their time zone.

`rate(2 days)`, `cron(0 9 ? * MON-FRI *)`, `at(2026-12-24T09:00:00)`; a bare cron expression of five fields is written
as the six of EventBridge. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html:

- A day of a rate is 24 hours, whatever the clocks do; its first occurrence is the start date.
- A local time that a clock change leaves out is skipped; one that comes twice is due once.
"""

import re
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Literal

from switchyard.domain import clock, cron
from switchyard.domain.cron import BadExpression, Cron
from switchyard.domain.structs import Struct

Kind = Literal["rate", "cron", "at"]

#: Minutes that lie between two occurrences at least: what a schedule begins takes minutes, and costs something.
CLOSEST_MINUTES = 5
#: Occurrences that are looked at for how close they are.
_LOOKED_AT = 50
_UNITS = {"minute": 1, "hour": 60, "day": 1_440}
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,20}(/[A-Za-z0-9_+-]{1,20}){0,2}")
#: What the folder of the database has beside its zones: the machine's own, and others that count leap seconds.
_NO_ZONE = re.compile(r"localtime|posixrules|Factory|(posix|right)/.*")


class Timing(Struct):
    """When something is due. `begin` and `end` are instants of domain.clock; a rate counts from its `begin`."""

    expression: str
    time_zone: str
    begin: str
    end: str | None = None

    def after(self, instant: str) -> Iterator[str]:
        """Yield the occurrences after an instant, in order. Raises BadExpression."""
        for found in self._moments(
            max(clock.to_datetime(instant), clock.to_datetime(self.begin) - timedelta(milliseconds=1))
        ):
            text = clock.stamp(found.timestamp())
            if self.end is not None and text > self.end:
                return
            if text > instant:
                yield text

    def next(self, instant: str, count: int) -> list[str]:
        """Return at most so many occurrences after an instant."""
        return list(islice(self.after(instant), count))

    def latest(self, after: str, until: str) -> str | None:
        """Return the last occurrence after one instant and up to another; None when there is none."""
        found = None
        for each in self.after(after):
            if each > until:
                break
            found = each
        return found

    def _moments(self, after: datetime) -> Iterator[datetime]:
        kind, given = split(self.expression)
        try:
            if kind == "rate":
                yield from self._rate(given, after)
            elif kind == "at":
                yield _single(given, zone(self.time_zone))
            else:
                yield from _days(cron.parse(given), after, zone(self.time_zone))
        except OverflowError:  # a datetime ends with the year 9999
            return

    def _rate(self, given: str, after: datetime) -> Iterator[datetime]:
        step, first = timedelta(minutes=_minutes(given)), clock.to_datetime(self.begin)
        passed = max((after - first) // step, 0)
        while True:
            yield first + passed * step
            passed += 1


def written(text: str) -> str:
    """Return an expression as EventBridge Scheduler takes it. Raises BadExpression."""
    text = " ".join(text.split())
    if len(text.split(" ")) == 5 and "(" not in text:
        return f"cron({cron.from_five(text).upper()})"
    # Names of days and months are written in capitals on the pages of Scheduler.
    return f"cron({text[5:-1].upper()})" if text.startswith("cron(") else text


def check_form(expression: str) -> None:
    """Raise BadExpression for what cannot be read, whenever it would be due."""
    now = clock.now()
    Timing(expression, "UTC", now).next(now, 1)


def check(timing: Timing, now: str) -> None:
    """Raise BadExpression for what is no expression, is never due again, or is due too often."""
    kind, given = split(timing.expression)
    if kind == "rate" and _minutes(given) < CLOSEST_MINUTES:
        raise _too_often(_minutes(given))
    found = timing.next(now, _LOOKED_AT)
    if not found:
        raise BadExpression("has no occurrence in the future", "a time that is still to come")
    for one, other in pairwise(found):
        minutes = (clock.milliseconds(other) - clock.milliseconds(one)) // 60_000
        if minutes < CLOSEST_MINUTES:
            raise _too_often(minutes)


def split(text: str) -> tuple[Kind, str]:
    """Return the kind of an expression, and what stands in its parentheses. Raises BadExpression."""
    match = re.fullmatch(r"(rate|cron|at)\(([^()]*)\)", text)
    if match is None:
        raise BadExpression(f"{text[:60]!r} is no expression", "cron(…) of six fields, five fields, rate(…) or at(…)")
    kind: Kind = "rate" if match[1] == "rate" else "cron" if match[1] == "cron" else "at"
    return kind, match[2]


def zone(name: str) -> zoneinfo.ZoneInfo:
    """Return a time zone by its name in the IANA database. Raises BadExpression."""
    expected = "a name of the IANA time zone database, such as Europe/Berlin"
    if not _ZONE.fullmatch(name) or _NO_ZONE.fullmatch(name):
        raise BadExpression(f"{name[:50]!r} is no time zone", expected)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):  # a folder of the database, or a file that is none
        raise BadExpression(f"{name[:50]!r} is no time zone", expected) from None


def _minutes(given: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,5}) (minute|hour|day)(s?)", given)
    if match is None or (match[1] == "1") == bool(match[3]):
        raise BadExpression(f"{given[:30]!r} is no rate", "such as 1 day, 12 hours or 30 minutes")
    return int(match[1]) * _UNITS[match[2]]


def _single(given: str, where: zoneinfo.ZoneInfo) -> datetime:
    expected = "a local date and time, such as 2026-12-24T09:00:00"
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", given):
        raise BadExpression(f"{given[:30]!r} is no time", expected)
    try:
        return datetime.fromisoformat(given).replace(tzinfo=where).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadExpression(f"{given[:30]!r} is no time", expected) from None


def _days(rule: Cron, after: datetime, where: zoneinfo.ZoneInfo) -> Iterator[datetime]:
    local = after.astimezone(where)
    for day in rule.days(local.date()):
        for hour in rule.hours:
            for minute in rule.minutes:
                wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=where)
                found = wall.astimezone(UTC)
                # What a clock change leaves out comes back as another time.
                is_there = found.astimezone(where).replace(tzinfo=None) == wall.replace(tzinfo=None)
                if is_there and found > after:
                    yield found


def _too_often(minutes: int) -> BadExpression:
    return BadExpression(f"is due every {minutes} min", f"{CLOSEST_MINUTES} minutes or more between two occurrences")
