"""Which runs may be claimed, what a run means for its task, and when its clocks run out."""

import pytest

from switchyard.domain import clock, run_clocks, runs
from tests.support.entities import AT, LATER, a_run, a_track, an_id

NOW = "2026-06-05T10:00:00.000Z"


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "queued", "dispatched_at": AT},
        {"status": "in_progress", "holder": "agent_two", "lease_until": NOW},
        {"status": "in_progress", "holder": "agent_two", "lease_until": AT},
    ],
)
def test_a_run_can_be_claimed_while_it_is_offered_and_once_its_lease_ran_out(fields: dict[str, object]) -> None:
    assert runs.is_claimable(a_run(**fields), NOW)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "queued", "dispatched_at": None},
        {"status": "not_started"},
        {"status": "completed", "dispatched_at": AT},
        {"status": "in_progress", "holder": "agent_two", "lease_until": LATER},
        # Begun by a change of its status and not by a claim: it is somebody's, and no lease of it can run out.
        {"status": "in_progress", "holder": None},
        {"status": "queued", "dispatched_at": AT, "environment": "local"},
        {"status": "queued", "dispatched_at": AT, "asks_since": AT},
    ],
)
def test_no_other_run_can_be_claimed(fields: dict[str, object]) -> None:
    assert not runs.is_claimable(a_run(**fields), NOW)


def test_a_new_run_leaves_its_tasks_status_and_one_that_was_given_up_opens_it_again() -> None:
    new, given_up = a_run(status="queued"), a_run(status="queued", started_at=AT)
    assert "status" not in runs.task_fields(new, a_track(status="backlog"))
    assert runs.task_fields(given_up, a_track(status="in_progress"))["status"] == "todo"


@pytest.mark.parametrize(
    ("status", "wanted"),
    [("in_progress", "in_progress"), ("completed", "done"), ("failed", "todo"), ("cancelled", "todo")],
)
def test_a_runs_status_is_its_tasks_unless_somebody_finished_that(status: str, wanted: str) -> None:
    run = a_run(status=status)
    assert runs.task_fields(run, a_track(status="todo", latest_run_id=run.id)) == {
        "latest_run_id": run.id,
        "latest_run_status": status,
        "status": wanted,
    }
    for final in ("done", "cancelled"):
        assert "status" not in runs.task_fields(run, a_track(status=final, latest_run_id=run.id))


def test_a_run_means_nothing_for_a_task_that_has_a_newer_one() -> None:
    older, newer = a_run(id=an_id(7), status="failed"), an_id(8)
    assert runs.task_fields(older, a_track(latest_run_id=newer)) == {}
    assert runs.task_fields(a_run(id=newer, status="failed"), a_track(latest_run_id=older.id))["status"] == "todo"


def test_a_run_is_silent_once_its_idle_time_has_passed_and_never_while_it_waits_for_an_answer() -> None:
    heard = clock.stamp(clock.milliseconds(NOW) / 1000 - 60)
    fields = {"status": "in_progress", "started_at": AT, "heartbeat_at": heard}
    assert run_clocks.is_silent(a_run(**fields, idle_seconds=60), NOW)
    assert not run_clocks.is_silent(a_run(**fields, idle_seconds=61), NOW)
    assert not run_clocks.is_silent(a_run(**fields, idle_seconds=60, asks_since=AT), NOW)


def test_the_time_of_a_run_stands_still_while_it_waits_for_an_answer() -> None:
    begun = clock.stamp(clock.milliseconds(NOW) / 1000 - 100)
    asked = clock.stamp(clock.milliseconds(NOW) / 1000 - 40)
    assert run_clocks.seconds_left(a_run(started_at=begun, timeout_seconds=300), NOW) == 200
    assert run_clocks.seconds_left(a_run(started_at=begun, timeout_seconds=300, waited_seconds=30), NOW) == 230
    assert run_clocks.seconds_left(a_run(started_at=begun, timeout_seconds=300, asks_since=asked), NOW) == 240
