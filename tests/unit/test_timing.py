"""When schedules are due: every form that EventBridge Scheduler's pages show, and what clock changes do to it."""

import pytest

from switchyard.domain.cron import BadExpression
from switchyard.domain.timing import Timing, check, written, zone

NOW = "2026-06-01T08:00:00.000Z"  # a Monday
#: An expression and its next three times, in UTC without seconds.
DUE: list[tuple[str, list[str]]] = [
    ("cron(15 12 * * ? *)", ["2026-06-01T12:15", "2026-06-02T12:15", "2026-06-03T12:15"]),
    ("cron(0 18 ? * MON-FRI *)", ["2026-06-01T18:00", "2026-06-02T18:00", "2026-06-03T18:00"]),
    ("cron(0 8 1 * ? *)", ["2026-07-01T08:00", "2026-08-01T08:00", "2026-09-01T08:00"]),
    ("cron(0/15 * * * ? *)", ["2026-06-01T08:15", "2026-06-01T08:30", "2026-06-01T08:45"]),
    ("cron(15 10 ? * 6L 2026-2027)", ["2026-06-26T10:15", "2026-07-31T10:15", "2026-08-28T10:15"]),
    ("cron(0 0 L * ? *)", ["2026-06-30T00:00", "2026-07-31T00:00", "2026-08-31T00:00"]),
    # 15 August 2026 is a Saturday, 1 November a Sunday.
    ("cron(0 9 15W AUG-OCT ? *)", ["2026-08-14T09:00", "2026-09-15T09:00", "2026-10-15T09:00"]),
    ("cron(0 9 1W 8,11 ? *)", ["2026-08-03T09:00", "2026-11-02T09:00", "2027-08-02T09:00"]),
    ("cron(30 6 ? * TUE#2 *)", ["2026-06-09T06:30", "2026-07-14T06:30", "2026-08-11T06:30"]),
    ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
    ("0 9 * * 1-5", ["2026-06-01T09:00", "2026-06-02T09:00", "2026-06-03T09:00"]),
    ("0 9 * * 0,7", ["2026-06-07T09:00", "2026-06-14T09:00", "2026-06-21T09:00"]),
    ("0 9 1 jan *", ["2027-01-01T09:00", "2028-01-01T09:00", "2029-01-01T09:00"]),
    ("rate(36 hours)", ["2026-06-02T20:00", "2026-06-04T08:00", "2026-06-05T20:00"]),
    ("at(2026-12-24T09:00:00)", ["2026-12-24T09:00"]),
]


@pytest.mark.parametrize(("expression", "expected"), DUE, ids=[each for each, _ in DUE])
def test_an_expression_is_due_when_it_says(expression: str, expected: list[str]) -> None:
    found = Timing(written(expression), "UTC", NOW)
    check(found, NOW)
    assert [each[:16] for each in found.next(NOW, 3)] == expected


def test_a_time_that_a_clock_change_leaves_out_is_skipped_and_one_that_comes_twice_is_due_once() -> None:
    daily = Timing("cron(30 2 * * ? *)", "Europe/Berlin", NOW)
    spring = daily.next("2027-03-26T12:00:00.000Z", 2)
    assert spring == ["2027-03-27T01:30:00.000Z", "2027-03-29T00:30:00.000Z"]
    autumn = daily.next("2026-10-24T12:00:00.000Z", 2)
    assert autumn == ["2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"]
    assert (
        Timing("rate(1 day)", "Europe/Berlin", NOW).next("2026-10-24T12:00:00.000Z", 2)[1] == "2026-10-26T08:00:00.000Z"
    )


def test_nothing_is_due_after_the_last_year_of_the_calendar() -> None:
    rare = Timing("rate(999999 days)", "UTC", NOW)
    check(rare, NOW)
    assert [each[:10] for each in rare.next(NOW, 5)] == ["4764-04-27", "7502-03-24"]
    last = "9999-12-31T12:00:00.000Z"
    assert Timing("rate(1 day)", "UTC", last).next(NOW, 5) == [last]
    with pytest.raises(BadExpression):
        check(Timing("cron(0 9 * * ? *)", "Pacific/Kiritimati", last), NOW)


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 9 * * * *)",
        "cron(0 9 ? * ? *)",
        "cron(60 9 * * ? *)",
        "cron(0 9 32 * ? *)",
        "cron(0 9 ? * MON#6 *)",
        "cron(0 9 ? * FRI-MON *)",
        "cron(0 9-17/2 * * ? *)",
        "cron(0 9 * * ?)",
        "0 9 1 * 1",
        "rate(1 days)",
        "rate(2 day)",
        "rate(0 days)",
        "rate(4 minutes)",
        "cron(0,4 0 1 1 ? *)",
        "cron(0 0 31 2 ? *)",
        "cron(0 0 1 1 ? 2025)",
        "at(2026-05-31T00:00:00)",
        "at(2026-13-01T00:00:00)",
        "daily",
    ],
)
def test_what_cannot_be_read_or_is_never_or_too_often_due_is_refused(expression: str) -> None:
    with pytest.raises(BadExpression) as refused:
        check(Timing(written(expression), "UTC", NOW), NOW)
    assert refused.value.expected


@pytest.mark.parametrize(
    "name",
    ["localtime", "posixrules", "Factory", "posix/UTC", "right/Europe/Berlin", "posix/America/Argentina/Ushuaia"],
)
def test_what_lies_beside_the_zones_on_a_machine_is_no_zone(name: str) -> None:
    with pytest.raises(BadExpression, match="is no time zone"):
        zone(name)
    assert str(zone("America/Argentina/Ushuaia")) == "America/Argentina/Ushuaia"
