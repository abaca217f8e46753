"""Who appends to a run's log until when, and when an append is a heartbeat as well."""

from typing import Any

import pytest

from switchyard.domain import run_logs
from switchyard.domain.actors import Actor
from switchyard.domain.claims import Leased, StaleFence
from switchyard.domain.run_logs import HEARTBEAT_SECONDS, LATE_SECONDS, Closed
from switchyard.domain.runs import Run
from tests.support.entities import a_run
from tests.support.instants import NOW, at

AGENT = Actor("acme", "agent_one", "agent", frozenset(), "token")
OTHER = Actor("acme", "agent_two", "agent", frozenset(), "token")


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_logs, "time", lambda: NOW)


def working(heard: float, left: float, lease: int = 300, **fields: Any) -> Run:
    return a_run(
        status="in_progress",
        holder="agent_one",
        fence=3,
        started_at=at(-1_000),
        heartbeat_at=at(-heard),
        lease_until=at(left),
        lease_seconds=lease,
        **fields,
    )


def test_the_last_lines_of_a_finished_run_are_taken_until_the_time_is_over() -> None:
    run = a_run(status="completed", completed_at=at(-LATE_SECONDS), fence=3)
    for fence in (None, 3):
        run_logs.check_append(run, OTHER, fence, at(0))
    with pytest.raises(StaleFence, match="under the fence 3, not 2"):
        run_logs.check_append(run, OTHER, 2, at(0))
    with pytest.raises(Closed):
        run_logs.check_append(run, AGENT, 3, at(0.001))


def test_only_its_holder_appends_to_a_claimed_run() -> None:
    run_logs.check_append(working(0, 100), AGENT, None, at(0))
    with pytest.raises(Leased):
        run_logs.check_append(working(0, 100), OTHER, None, at(0))


@pytest.mark.parametrize(
    ("heard", "left", "beats"),
    [
        (0, 300, False),
        (HEARTBEAT_SECONDS - 0.001, 201, False),
        # The last sign is as old as it may be.
        (HEARTBEAT_SECONDS, 300, True),
        # A third of the lease is used up.
        (0, 200.001, False),
        (0, 200, True),
    ],
)
def test_an_append_is_a_heartbeat_when_one_is_due_or_a_third_of_the_lease_is_over(
    heard: float, left: float, beats: bool
) -> None:
    after = run_logs.alive(working(heard, left, idle_seconds=1_800), AGENT)
    if not beats:
        assert after is None
        return
    assert after is not None
    assert (after.heartbeat_at, after.lease_until) == (at(0), at(300))


def test_a_heartbeat_comes_sooner_where_a_run_may_be_idle_for_a_short_time_only() -> None:
    assert run_logs.alive(working(19.999, 300, idle_seconds=60), AGENT) is None
    assert run_logs.alive(working(20, 300, idle_seconds=60), AGENT) is not None


def test_a_lease_is_never_shortened_by_an_append() -> None:
    after = run_logs.alive(working(HEARTBEAT_SECONDS, 900, lease=300, idle_seconds=1_800), AGENT)
    assert after is not None
    assert after.lease_until == at(900)


def test_an_append_of_another_caller_moves_the_heartbeat_alone_and_none_of_a_run_that_is_not_at_work() -> None:
    after = run_logs.alive(working(HEARTBEAT_SECONDS, 100, idle_seconds=1_800), OTHER)
    assert after is not None
    assert (after.heartbeat_at, after.lease_until) == (at(0), at(100))
    assert run_logs.alive(a_run(status="queued"), AGENT) is None
