"""Tasks that come back when they are done: a rule of recurrence, and from when it counts (docs/schedules.md).

The rule is a part of RRULE (RFC 5545 §3.3.10), which calendars and task programs exchange. That standard counts from a
fixed date alone; people also mean "n days after it is done", which `repeat_from` says beside it.
"""

import re
from datetime import date, datetime, time, timedelta

from switchyard.domain.text import RECURRENCE, RECURRENCE_MAX

#: What a refusal says would be right.
EXPECTED = "such as FREQ=WEEKLY;BYDAY=MO, with INTERVAL, BYDAY, BYMONTHDAY, BYMONTH and UNTIL, each once"


def problem_of(rule: str) -> str | None:
    """Return what is wrong with a rule; None when it can be kept."""
    if len(rule) > RECURRENCE_MAX or not re.fullmatch(RECURRENCE, rule):
        return f"{rule[:60]!r} is no rule of recurrence"
    parts = dict(each.split("=") for each in rule.split(";"))
    if len(parts) != rule.count(";") + 1:
        return "has a part twice"
    if re.search(r"[0-9]", parts.get("BYDAY", "")) and parts["FREQ"] in ("DAILY", "WEEKLY"):
        return "has numbered days of the week, which only months and years have"
    try:
        following = next_day(rule, date(2028, 1, 1), date(2028, 1, 1))
    except ValueError:
        return "has no real date after UNTIL"
    return None if following or "UNTIL" in parts else "has no occurrence"


def next_day(rule: str, counted_from: date, earliest: date) -> date | None:
    """Return the next day by the rule, after the one it counts from and not before the earliest; None: there is none.

    Raises ValueError for a date that there is not.
    """
    # Imported here: few tasks repeat.
    from dateutil.rrule import rrulestr

    begin = datetime.combine(counted_from, time())
    after = max(begin, datetime.combine(earliest, time()) - timedelta(days=1))
    found: datetime | None = rrulestr(rule, dtstart=begin).after(after)
    return found.date() if found else None


def next_due(rule: str, repeat_from: str | None, due: str | None, completed_at: str) -> str | None:
    """Return when the next task is due, a date or an instant as the one before; None when it does not come back.

    It comes after the day that the rule counts from: the due date, or the day it was done (UTC) for `done` and for a
    task without a due date. One that was done late skips what has passed since.
    """
    done = date.fromisoformat(completed_at[:10])
    counted_from = done if repeat_from == "done" or due is None else date.fromisoformat(due[:10])
    found = next_day(rule, counted_from, done)
    return found.isoformat() + (due or "")[10:] if found else None
