"""Reminders of due dates: when somebody is told that a task is due (docs/schedules.md)."""

import re
from datetime import timedelta

from switchyard.domain import clock, lifecycle
from switchyard.domain.tracks import Track


def at(task: Track | None) -> str | None:
    """Return when a reminder of a task is due; None for one without, or that is over. A date is its midnight in UTC."""
    if task is None or task.remind is None or task.due is None or task.deleted_at or task.status in lifecycle.FINAL:
        return None
    parts = {unit: int(number) for number, unit in re.findall(r"([0-9]+)([DHM])", task.remind)}
    before = timedelta(days=parts.get("D", 0), hours=parts.get("H", 0), minutes=parts.get("M", 0))
    return clock.stamp(clock.milliseconds(clock.midnight(task.due)) / 1000 - before.total_seconds())
