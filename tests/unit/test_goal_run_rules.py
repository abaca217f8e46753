"""Which goals can be run, and what a goal run comes to as its tasks are."""

from typing import Any

import pytest

from switchyard.domain import goal_runs
from switchyard.domain.actors import Actor
from switchyard.domain.errors import Conflict
from switchyard.domain.goal_runs import TASKS_MAX, Active, Ended, GoalRun, TooManyTasks
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from tests.support.entities import AT, LATER, a_track, an_id

ADA = Actor("acme", "user_ada", "user", frozenset(), "token")
GOAL = a_track(id=an_id(100), type="goal", status="on_track")


def begin(goal: Track = GOAL, former: GoalRun | None = None, **settings: Any) -> GoalRun:
    return goal_runs.create(goal, former, ADA, "request", **settings)


def task(number: int, *depends_on: int, **fields: Any) -> Track:
    refs = tuple(map(an_id, depends_on))
    given = {"status": "todo", "assignee": "agent_one", "goal_id": GOAL.id, "depends_on": refs, **fields}
    return a_track(id=an_id(number), **given)


def states(*tasks: Track, outside: tuple[Track, ...] = ()) -> list[str]:
    found = goal_runs.states(begin(), tasks, {each.id: each for each in outside}, AT)
    return [found[each.id] for each in tasks]


def test_a_goal_of_as_many_tasks_as_one_goal_run_carries_out_is_run_and_of_one_more_is_not() -> None:
    assert begin(replace(GOAL, tasks_total=TASKS_MAX)).status == "running"
    with pytest.raises(TooManyTasks, match=f"{TASKS_MAX} at most"):
        begin(replace(GOAL, tasks_total=TASKS_MAX + 1))


def test_a_goal_has_one_active_goal_run_and_none_once_it_is_finished() -> None:
    former = begin()
    with pytest.raises(Active, match="wait for its end, or cancel it"):
        begin(former=former)
    over = goal_runs.end(former, "cancelled", None, "user_ada", "request")
    assert begin(former=over).version == over.version + 1
    with pytest.raises(Ended):
        goal_runs.end(over, "failed", None, "user_ada", "request")
    with pytest.raises(Conflict, match="reopen it before you run it"):
        begin(replace(GOAL, status="completed"))


def test_a_task_is_ready_once_all_that_it_depends_on_is_done() -> None:
    done = {"status": "done", "completed_at": LATER}
    assert states(task(1), task(2, 1)) == ["ready", "waiting"]
    assert states(task(1, **done), task(2, 1))[1] == "ready"
    assert states(task(2, 9), outside=(task(9, assignee="user_ada"),)) == ["waiting"]
    assert states(task(2, 9), outside=(task(9, **done),)) == ["ready"]


def test_what_can_never_be_done_blocks_all_that_waits_for_it() -> None:
    chain = task(2, 1), task(3, 2), task(4)
    assert states(task(1, status="cancelled"), *chain) == ["skipped", "blocked", "blocked", "ready"]
    # It was neither read nor does it live any more.
    assert states(*chain) == ["blocked", "blocked", "ready"]
    # What was done counts, also when it was deleted since.
    gone = task(1, status="done", completed_at=LATER, deleted_at=LATER)
    assert states(*chain, outside=(gone,)) == ["ready", "waiting", "ready"]


def test_no_more_runs_are_started_than_may_be_under_way_at_once() -> None:
    tasks = [task(1, latest_run_id=an_id(50), latest_run_status="queued"), *(task(number) for number in range(2, 6))]
    for most, started in ((1, 0), (2, 1), (3, 2), (9, 4)):
        plan = goal_runs.plan(begin(max_parallel=most), tasks, {}, AT)
        assert [each.id for each in plan.start] == [an_id(number) for number in range(2, 2 + started)]
        assert (plan.status, plan.counts["running"], plan.counts["tasks"]) == ("running", 1 + started, 5)
