"""The six fields of a cron expression as EventBridge Scheduler has them, and the days and times that they mean.

Minutes, hours, day of month, month, day of week, year; names of months and days, `,` `-` `*` `/` everywhere, `?` in one
of the two fields of days, `L` (last), `W` (nearest weekday) and `#` (n-th day of the month).
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based. No library has these fields:
those that are well kept read five, or a sixth of seconds.
"""

import calendar
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from switchyard.domain.structs import Struct

_NAMES = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC", "SUN MON TUE WED THU FRI SAT"
_MONTHS, _DAYS = ({name: number for number, name in enumerate(each.split(), 1)} for each in _NAMES)
_LAST_YEAR = 2199
#: What a field is called, and its lowest and highest value.
_FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minutes", 0, 59, {}),
    ("hours", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, _LAST_YEAR, {}),
)
#: Years that are looked through for the next day: 29 February is the same day of the week every 28 years.
_YEARS_AHEAD = 29

DayRule = Callable[[date], bool]


class BadExpression(ValueError):
    """An expression that cannot be kept; `expected` says what would be right."""

    def __init__(self, reason: str, expected: str) -> None:
        super().__init__(reason)
        self.expected = expected


class Cron(Struct):
    """When a cron expression is due: local days that fit all rules, and on each of them these times."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    is_day: DayRule

    def days(self, first: date) -> Iterator[date]:
        """Yield the days from `first` on, in order, for as many years as a rule may need until it fits again."""
        for year in range(first.year, min(first.year + _YEARS_AHEAD, _LAST_YEAR) + 1):
            if year not in self.years:
                continue
            for month in sorted(self.months):
                if (year, month) < (first.year, first.month):
                    continue
                for number in range(1, calendar.monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self.is_day(day):
                        yield day


def parse(text: str) -> Cron:
    """Return what six fields mean. Raises BadExpression, which names the field."""
    given = text.split()
    if len(given) != len(_FIELDS):
        raise BadExpression(f"has {len(given)} fields", "six: minutes hours day-of-month month day-of-week year")
    of_month, of_week = given[2], given[4]
    if (of_month == "?") == (of_week == "?"):
        raise BadExpression(
            f"has {of_month!r} as day of month and {of_week!r} as day of week", "? in one of the two, and only in one"
        )
    is_day = _day_of_month(of_month) if of_week == "?" else _day_of_week(of_week)
    minutes, hours, months, years = (_values(given[place], place) for place in (0, 1, 3, 5))
    return Cron(tuple(sorted(minutes)), tuple(sorted(hours)), months, years, is_day)


def from_five(text: str) -> str:
    """Return five fields, as Unix has them, as the six of EventBridge Scheduler. Raises BadExpression.

    Days of the week count from 0 (Sunday) to 7 (Sunday again) there; a day must fit one of two fields that are both
    given, which the six fields cannot say.
    """
    minutes, hours, of_month, month, of_week = text.split()
    if of_week in ("*", "?"):
        return f"{minutes} {hours} {of_month} {month} ? *"
    if of_month not in ("*", "?"):
        raise BadExpression("has both a day of month and a day of week", "one of them, and * for the other")
    days = _list(of_week, "day of week", 0, 7, {name: number - 1 for name, number in _DAYS.items()})
    named = ",".join(str(each) for each in sorted({day % 7 + 1 for day in days}))
    return f"{minutes} {hours} ? {month} {named} *"


def _values(text: str, place: int) -> frozenset[int]:
    return _list(text, *_FIELDS[place])


def _list(text: str, name: str, low: int, high: int, names: Mapping[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        found.update(_part(part, name, low, high, names))
    return frozenset(found)


def _part(text: str, name: str, low: int, high: int, names: Mapping[str, int]) -> range:
    match = re.fullmatch(r"(\*|[A-Za-z0-9]{1,4})(?:-([A-Za-z0-9]{1,4}))?(?:/([0-9]{1,4}))?", text)
    # A step counts from one value on, or from the first: the pages of Scheduler know none within a range.
    if match is None or (match[2] and (match[1] == "*" or match[3])):
        raise _bad(text, name, low, high)
    begin = low if match[1] == "*" else _number(match[1], text, name, low, high, names)
    end = _number(match[2], text, name, low, high, names) if match[2] else begin
    if match[1] == "*" or (match[3] and not match[2]):
        end = high
    step = int(match[3]) if match[3] else 1
    if step < 1 or end < begin:
        raise _bad(text, name, low, high)
    return range(begin, end + 1, step)


def _number(text: str, part: str, name: str, low: int, high: int, names: Mapping[str, int]) -> int:
    value = names.get(text.upper(), int(text) if text.isdecimal() else -1)
    if not low <= value <= high:
        raise _bad(part, name, low, high)
    return value


def _bad(text: str, name: str, low: int, high: int) -> BadExpression:
    expected = f"numbers from {low} to {high}, with , - * or a step such as {low}/5"
    return BadExpression(f"has {text[:20]!r} as {name}", expected)


def _day_of_month(text: str) -> DayRule:
    if text.upper() == "L":
        return lambda day: day.day == _length(day)
    if match := re.fullmatch(r"([0-9]{1,2})W", text.upper()):
        wanted = _number(match[1], text, *_FIELDS[2])
        return lambda day: day.day == _nearest_weekday(day, wanted)
    allowed = _values(text, 2)
    return lambda day: day.day in allowed


def _day_of_week(text: str) -> DayRule:
    if text.upper() == "L":
        return lambda day: _weekday(day) == 7
    if match := re.fullmatch(r"([A-Z0-9]{1,3})L", text.upper()):
        wanted = _number(match[1], text, *_FIELDS[4])
        return lambda day: _weekday(day) == wanted and day.day + 7 > _length(day)
    if match := re.fullmatch(r"([A-Z0-9]{1,3})#([1-5])", text.upper()):
        wanted, nth = _number(match[1], text, *_FIELDS[4]), int(match[2])
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == nth
    allowed = _values(text, 4)
    return lambda day: _weekday(day) in allowed


def _weekday(day: date) -> int:
    """Return the day of the week from 1, which is Sunday."""
    return day.isoweekday() % 7 + 1


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, wanted: int) -> int:
    """Return the day of the month that is the weekday nearest to a day, within the month; 0: there is no such day."""
    last = _length(day)
    if wanted > last:
        return 0
    weekday = day.replace(day=wanted).isoweekday()
    if weekday == 6:
        return wanted - 1 if wanted > 1 else 3
    if weekday == 7:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted
