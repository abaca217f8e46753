"""Which occurrence of a schedule still counts when it comes late, and what a later one finds."""

import pytest

from switchyard.domain import clock, schedules
from switchyard.domain.actors import Actor
from switchyard.domain.schedules import LATE_SECONDS, Schedule
from switchyard.domain.structs import replace

ADA = Actor("acme", "user_ada", "user", frozenset(), "token")
DUE = "2026-06-05T09:00:00.000Z"


def daily(**fields: object) -> Schedule:
    given = {"name": "Daily", "expression": "cron(0 9 * * ? *)", "does": "create_task", "starts_at": DUE, **fields}
    return schedules.create(ADA, "request", **given)


def after(seconds: float) -> str:
    """Return the instant so many seconds after the occurrence is due."""
    return clock.stamp(clock.milliseconds(DUE) / 1000 + seconds)


def test_an_occurrence_is_in_time_until_it_is_late_and_then_skipped_or_made_up_for() -> None:
    assert schedules.missed(daily(), DUE, after(LATE_SECONDS)) is None
    late = after(LATE_SECONDS + 0.001)
    assert schedules.missed(daily(), DUE, late) == "It came too late, and missed occurrences are skipped."
    assert schedules.missed(daily(catch_up="once"), DUE, late) is None


def test_of_several_missed_occurrences_the_last_one_makes_up_for_all() -> None:
    caught_up, day = daily(catch_up="once"), 86_400
    assert schedules.missed(caught_up, DUE, after(day - 1)) is None
    told = schedules.missed(caught_up, DUE, after(day))
    assert told == "It came too late, and a later occurrence makes up for it."


@pytest.mark.parametrize(
    ("overlap", "waiting_at", "outcome"),
    [("queue", None, "waiting"), ("queue", "2026-06-04T09:00:00.000Z", "skipped"), ("skip", None, "skipped")],
)
def test_an_occurrence_waits_for_the_one_before_if_none_does_yet(
    overlap: str, waiting_at: str | None, outcome: str
) -> None:
    found = schedules.overlapping(replace(daily(overlap=overlap), last_at=DUE, waiting_at=waiting_at), after(60))
    assert (found.outcome, found.reason is not None) == (outcome, True)


def test_a_schedule_remembers_what_began_last_and_what_waits() -> None:
    schedule = daily()
    waits = schedules.followed(schedule, schedules.occurrence(schedule, DUE, "waiting"))
    assert (waits.occurred, waits.waiting_at, waits.last_at) == (1, DUE, None)
    begun = schedules.followed(waits, schedules.occurrence(waits, DUE, "begun", track_id="t", run_id="r"))
    assert (begun.occurred, begun.waiting_at) == (2, None)
    assert (begun.last_at, begun.last_track_id, begun.last_run_id) == (DUE, "t", "r")


def test_the_occurrence_of_an_instant_has_one_id_for_all_who_decide_it() -> None:
    schedule, other = daily(), daily()
    assert schedules.occurrence_id(schedule, DUE) == schedules.occurrence_id(replace(schedule, version=9), DUE)
    assert schedules.occurrence_id(schedule, DUE) != schedules.occurrence_id(other, DUE)
    assert schedules.occurrence_id(schedule, DUE) != schedules.occurrence_id(schedule, after(60))
