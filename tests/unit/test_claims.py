"""What a claim allows at each instant of its lease, and which tasks may be drawn from the pool."""

import pytest

from switchyard.domain import claims
from switchyard.domain.actors import Actor
from switchyard.domain.claims import Leased, NotClaimable, StaleFence
from switchyard.domain.tracks import Track
from tests.support.entities import AT, a_track
from tests.support.instants import NOW, at

SECONDS = 300


def caller(actor_id: str = "agent_one", kind: str = "agent") -> Actor:
    return Actor("acme", actor_id, "agent" if kind == "agent" else "user", frozenset(), "token")


def held(until: str = at(SECONDS), **fields: object) -> Track:
    return a_track(**{"status": "in_progress", "holder": "agent_one", "fence": 4, "lease_until": until, **fields})


def test_a_lease_is_over_at_its_very_end() -> None:
    assert claims.is_leased(held(at(0.001)), at(0))
    assert not claims.is_leased(held(at(0)), at(0))
    assert not claims.is_leased(a_track(), at(0))


def test_while_a_lease_lasts_only_its_holder_changes_the_task_and_then_anyone() -> None:
    claims.check_write(held(), caller(), None, at(0))
    claims.check_write(held(at(0)), caller("agent_two"), None, at(0))
    with pytest.raises(Leased, match="claimed by agent_one until"):
        claims.check_write(held(), caller("agent_two"), None, at(0))


@pytest.mark.parametrize(
    ("task", "fence"), [(held(), 3), (held(), 5), (held(at(0)), 4), (held(holder="agent_two"), 4), (a_track(), 1)]
)
def test_a_fence_is_that_of_the_callers_own_lease_while_it_lasts(task: Track, fence: int) -> None:
    claims.check_write(held(), caller(), 4, at(0))
    with pytest.raises(StaleFence, match=f"with the fence {fence}: (the latest fence is 4|no lease was ever given)"):
        claims.check_write(task, caller(), fence, at(0))


def test_what_needs_a_lease_is_refused_by_who_has_it() -> None:
    claims.check_held(held(), caller(), None, at(0))
    claims.check_held(held(), caller(), 4, at(0))
    with pytest.raises(Leased):
        claims.check_held(held(), caller("agent_two"), None, at(0))
    for task, fence in ((held(at(0)), None), (a_track(), None), (held(), 3)):
        with pytest.raises(StaleFence):
            claims.check_held(task, caller(), fence, at(0))


@pytest.mark.parametrize(
    ("listed", "until", "kept"),
    [
        (SECONDS / 2, SECONDS, True),
        (SECONDS / 2 - 0.001, SECONDS, False),
        (SECONDS, SECONDS, True),
        (SECONDS + 0.001, SECONDS, False),
    ],
)
def test_lists_keep_the_end_that_they_know_while_half_of_the_lease_is_left(
    listed: float, until: float, kept: bool
) -> None:
    for task in (held(at(listed)), held(at(SECONDS * 2), lease_listed=at(listed))):
        lease = claims.extended(task, SECONDS, at(until), NOW)
        assert lease == {"lease_until": at(until), "lease_listed": at(listed) if kept else None}


def test_each_new_lease_has_the_next_fence_and_begins_the_work() -> None:
    for former, fence in ((None, 1), (4, 5)):
        taken = claims.taken(a_track(fence=former), caller(), SECONDS, NOW)
        assert (taken["holder"], taken["fence"], taken["lease_until"]) == ("agent_one", fence, at(SECONDS))
        assert taken["status"] == "in_progress"


@pytest.mark.parametrize(
    ("status", "after"), [("in_progress", "todo"), ("backlog", "backlog"), (None, None), ("done", "done")]
)
def test_a_released_task_is_open_again_and_keeps_any_other_status(status: str | None, after: str | None) -> None:
    released = claims.released(held(status=status))
    assert released == {"holder": None, "lease_until": None, "lease_listed": None, "status": after}


def test_an_agent_cannot_claim_what_a_person_must_approve_and_a_person_can() -> None:
    task = a_track(requires_approval="start")
    claims.check_claimable(task, caller("user_ada", "user"))
    claims.check_claimable(a_track(requires_approval="completion"), caller())
    with pytest.raises(NotClaimable, match="A person must approve"):
        claims.check_claimable(task, caller())


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"status": "backlog"},
        {"depends_on": ("a",), "open_dependencies": 0},
        {"status": "in_progress", "holder": "agent_two", "lease_until": AT},
        {"requires_approval": "completion"},
        {"latest_run_status": "failed"},
    ],
)
def test_what_nobody_works_on_and_nothing_holds_up_can_be_drawn(fields: dict[str, object]) -> None:
    assert claims.is_drawable(a_track(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "goal"},
        {"owner": "user_ada"},
        {"deleted_at": AT},
        {"status": "done"},
        {"status": "cancelled"},
        {"status": "in_progress"},
        {"latest_run_status": "queued"},
        {"latest_run_status": "in_progress"},
        {"requires_approval": "start"},
        {"depends_on": ("a",), "open_dependencies": 1},
        # Nothing is known of what it depends on until the pipeline has counted.
        {"depends_on": ("a",), "open_dependencies": None},
    ],
)
def test_what_is_someones_or_waits_cannot_be_drawn(fields: dict[str, object]) -> None:
    assert not claims.is_drawable(a_track(**fields))
