"""Goal runs: what is started when, what they wait for, how they end, and that no change is lost on them."""

from collections.abc import Callable
from typing import Any

import pytest

from switchyard.domain import clock, runs, tracks
from switchyard.domain.actors import Actor
from switchyard.domain.ids import new_id
from switchyard.ledger import tracks as verbs
from switchyard.ledger.unit import ACTIONS_MAX
from switchyard.pipeline import goal_rounds
from switchyard.store import goal_runs as goal_run_rows
from switchyard.store import runs as run_rows
from switchyard.store import tracks as track_rows
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.goal_workflow import Execution, Workshop
from tests.support.http import Answer, Api
from tests.support.planning import PERSONAL, assert_refused, change, make_goal, make_task
from tests.support.runs import Runs

AGENT = {"assignee": "agent_bo", "status": "todo"}
PERSON = {"assignee": "user_eve", "status": "todo"}


@pytest.fixture
def shop(table: Table, tenant: str) -> Workshop:
    return Workshop(table, tenant)


@pytest.fixture
def goal(api: Api) -> str:
    return str(make_goal(api)["id"])


@pytest.fixture
def add(api: Api, goal: str) -> Callable[..., str]:
    """Makes a task of the goal: an agent's, unless it is told otherwise."""

    def make(*after: str, **fields: Any) -> str:
        return str(make_task(api, goalId=goal, dependsOn=list(after), **{**AGENT, **fields})["id"])

    return make


def start(api: Api, shop: Workshop, goal: str, **settings: Any) -> Any:
    shop.settle()
    answer = api.post(f"/v1/tracks/{goal}/run", settings)
    assert answer.status == 201, answer.text
    shop.settle()
    return answer.json


def shown(api: Api, goal: str, query: str = "") -> Any:
    answer = api.get(f"/v1/tracks/{goal}/run{query}")
    assert answer.status == 200, answer.text
    return answer.json


def states(api: Api, goal: str) -> dict[str, str]:
    return {task["id"]: task["state"] for task in shown(api, goal)["tasks"]}


def finish(shop: Workshop, task: str, status: str = "completed") -> None:
    shop.work(task, "in_progress", status)
    shop.settle()


def status(api: Api, goal: str) -> str:
    return str(shown(api, goal)["status"])


# ---------------------------------------------------------------- order


def test_tasks_run_in_the_order_of_their_dependencies(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    first = add()
    left, right = add(first), add(first)
    last = add(left, right)
    start(api, shop, goal)
    assert states(api, goal) == {first: "running", left: "waiting", right: "waiting", last: "waiting"}
    finish(shop, first)
    assert states(api, goal) == {first: "completed", left: "running", right: "running", last: "waiting"}
    finish(shop, left)
    assert states(api, goal)[last] == "waiting"
    finish(shop, right)
    finish(shop, last)
    ended = shown(api, goal)
    assert (ended["status"], ended["reason"], ended["counts"]["completed"]) == ("completed", None, 4)
    assert ended["completedAt"]
    assert [each["status"] for each in ended["tasks"]] == ["done"] * 4


def test_at_most_so_many_run_at_once(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    tasks = [add() for _ in range(5)]
    start(api, shop, goal, maxParallel=2)
    assert [states(api, goal)[each] for each in tasks] == ["running", "running", "ready", "ready", "ready"]
    finish(shop, tasks[1])
    assert [states(api, goal)[each] for each in tasks] == ["running", "completed", "running", "ready", "ready"]


def test_more_runs_than_one_transaction_takes_are_started(
    api: Api, shop: Workshop, goal: str, add: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goal_rounds, "STARTS_MAX", 2)
    for _ in range(6):
        add()
    start(api, shop, goal)
    assert shown(api, goal)["counts"]["running"] == 5
    assert shop.goal_run(goal).rounds == 1


def test_one_transaction_has_room_for_the_runs_it_starts() -> None:
    assert 2 * goal_rounds.STARTS_MAX + 1 <= ACTIONS_MAX


def test_a_run_shows_which_goal_run_started_it_and_for_whom(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    task = add()
    run = start(api, shop, goal)
    started = shop.task(task).latest_run_id
    row = shop.table.get(*_run_key(shop, task, started))
    assert row
    made = run_rows.from_item(row)
    assert (made.goal_run_id, made.agent, made.created_by) == (run["id"], "agent_bo", "user_ada")


def _run_key(shop: Workshop, task: str, run: str) -> tuple[str, str]:
    return f"{shop.tenant}#{task}", f"RUN#{run}"


def test_a_run_has_the_limits_of_its_task(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    own, without = add(), add()
    unit = Runs(shop.table, shop.tenant).unit()
    verbs.change(unit, unit.get(own), idle_seconds=60, timeout_seconds=600)
    unit.commit(200, {}, "")
    start(api, shop, goal)
    made = [shop.table.get(*_run_key(shop, task, shop.task(task).latest_run_id)) for task in (own, without)]
    found = [(run.idle_seconds, run.timeout_seconds) for run in map(run_rows.from_item, filter(None, made))]
    assert found == [(60, 600), (runs.IDLE_SECONDS, runs.TIMEOUT_SECONDS)]


def test_done_and_cancelled_tasks_are_passed_over(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    done, cancelled, left = add(status="done"), add(status="cancelled"), add()
    start(api, shop, goal)
    assert states(api, goal) == {done: "skipped", cancelled: "skipped", left: "running"}
    finish(shop, left)
    assert status(api, goal) == "completed"
    assert shown(api, goal)["counts"]["skipped"] == 2


def test_a_run_that_failed_before_is_tried_again(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    task = add()
    start(api, shop, goal)
    finish(shop, task, "failed")
    assert status(api, goal) == "failed"
    start(api, shop, goal)
    assert states(api, goal) == {task: "running"}
    finish(shop, task)
    assert status(api, goal) == "completed"


def test_tasks_added_meanwhile_are_run_too(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    first = add()
    start(api, shop, goal)
    later = add(first)
    handed = add(**PERSON)
    shop.settle()
    change(api, {"id": handed}, {"task": {"assignee": "agent_bo"}})
    shop.settle()
    assert states(api, goal) == {first: "running", later: "waiting", handed: "running"}


# ---------------------------------------------------------------- people and others


def test_what_depends_on_a_person_waits_for_them(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    draft = add()
    review = add(draft, **PERSON)
    publish = add(review)
    start(api, shop, goal)
    assert shown(api, goal)["waitingFor"] == []
    finish(shop, draft)
    now = shown(api, goal)
    assert (now["status"], now["waitingFor"]) == ("waiting", [review])
    assert [task["state"] for task in now["tasks"]] == ["completed", "open", "waiting"]
    assert now["tasks"][2]["waitsFor"] == [review]
    change(api, {"id": review}, {"task": {"status": "done"}})
    shop.settle()
    assert status(api, goal) == "running"
    finish(shop, publish)
    assert (status(api, goal), shown(api, goal)["counts"]["waitedFor"]) == ("completed", 1)


def test_a_persons_task_that_no_agent_needs_holds_nothing_up(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    task = add()
    add(task, **PERSON)
    start(api, shop, goal)
    finish(shop, task)
    assert status(api, goal) == "completed"


def test_a_task_outside_the_goal_is_waited_for(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    outside = make_task(api, **PERSON)
    task = add(outside["id"])
    start(api, shop, goal)
    assert (status(api, goal), shown(api, goal)["waitingFor"]) == ("waiting", [outside["id"]])
    change(api, outside, {"task": {"status": "done"}})
    shop.settle()
    assert states(api, goal) == {task: "running"}


@pytest.mark.parametrize("inside", [True, False])
def test_what_depends_on_a_cancelled_task_is_blocked(
    api: Api, shop: Workshop, goal: str, add: Any, inside: bool
) -> None:
    dropped = add(**PERSON) if inside else str(make_task(api, **PERSON)["id"])
    task = add(dropped)
    after, free = add(task), add()
    start(api, shop, goal)
    finish(shop, free)
    assert status(api, goal) == "waiting"
    change(api, {"id": dropped}, {"task": {"status": "cancelled"}})
    shop.settle()
    ended = shown(api, goal)
    assert (ended["status"], ended["counts"]["blocked"]) == ("failed", 2)
    assert "2 tasks can never start" in ended["reason"]
    assert {each: states(api, goal)[each] for each in (task, after)} == {task: "blocked", after: "blocked"}


def test_what_depends_on_a_task_that_was_deleted_undone_is_blocked(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    review = add(**PERSON)
    task = add(review)
    start(api, shop, goal)
    assert status(api, goal) == "waiting"
    assert api.delete(f"/v1/tracks/{review}").status == 204
    shop.settle()
    assert (status(api, goal), states(api, goal)) == ("failed", {task: "blocked"})


def test_a_dependency_that_was_done_is_not_missed_when_it_is_deleted(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    review = add(**{**PERSON, "status": "done"})
    task, other = add(review), add()
    start(api, shop, goal, maxParallel=1)
    assert states(api, goal)[task] == "running"
    assert api.delete(f"/v1/tracks/{review}").status == 204
    shop.settle()
    finish(shop, task)
    assert (status(api, goal), states(api, goal)[other]) == ("running", "running")


def test_a_task_that_an_agent_holds_through_the_pool_counts_as_running(
    api: Api, shop: Workshop, goal: str, add: Any, caller: Caller
) -> None:
    task = add()
    agent = caller("agent_bo", kind="agent")
    assert agent.post(f"/api/v1/tasks/{task}/claim", {}).status == 200
    start(api, shop, goal)
    assert (states(api, goal), shop.task(task).latest_run_id) == ({task: "running"}, None)
    assert agent.post(f"/api/v1/tasks/{task}/release").status in (200, 204)
    shop.settle()
    assert shop.task(task).latest_run_status == "queued"


# ---------------------------------------------------------------- failure


def test_after_a_failure_nothing_is_started_and_what_runs_may_finish(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    bad, good, rest = add(), add(), add()
    after = add(good)
    start(api, shop, goal, maxParallel=2)
    finish(shop, bad, "failed")
    assert states(api, goal) == {bad: "failed", good: "running", rest: "ready", after: "waiting"}
    finish(shop, good)
    ended = shown(api, goal)
    assert ended["status"] == "failed"
    assert ended["reason"] == "1 task failed, and nothing was started after that."
    assert states(api, goal) == {bad: "failed", good: "completed", rest: "skipped", after: "skipped"}
    assert [ended["counts"][each] for each in ("tasks", "completed", "failed", "skipped")] == [4, 1, 1, 2]


def test_independent_branches_go_on_after_a_failure_if_so_wanted(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    bad, good = add(), add()
    after_bad, after_good = add(bad), add(good)
    start(api, shop, goal, onFailure="continue")
    finish(shop, bad, "cancelled")
    assert states(api, goal)[after_bad] == "blocked"
    finish(shop, good)
    finish(shop, after_good)
    ended = shown(api, goal)
    assert (ended["status"], ended["counts"]["blocked"], ended["counts"]["completed"]) == ("failed", 1, 2)


def test_a_person_may_mend_what_failed_meanwhile(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    bad, slow = add(), add()
    after = add(bad)
    start(api, shop, goal, onFailure="continue")
    finish(shop, bad, "failed")
    change(api, {"id": bad}, {"task": {"status": "done"}})
    shop.settle()
    assert states(api, goal) == {bad: "completed", slow: "running", after: "running"}


# ---------------------------------------------------------------- cancelling


def test_cancelling_stops_what_runs(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    first = add()
    second = add(first)
    start(api, shop, goal)
    shop.work(first, "in_progress")
    answer = api.post(f"/v1/tracks/{goal}/run/cancel")
    assert (answer.status, answer.json["status"], answer.json["reason"]) == (200, "cancelled", "Cancelled by user_ada.")
    shop.settle()
    assert (shop.task(first).latest_run_status, shop.task(first).status) == ("cancelled", "todo")
    assert states(api, goal) == {first: "failed", second: "blocked"}
    assert all(each.ended for each in shop.machine.executions.values())
    assert_refused(api.post(f"/v1/tracks/{goal}/run/cancel"), 409)


def test_cancelling_stops_a_run_beside_which_another_was_started_and_leaves_that_one(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    task = add()
    start(api, shop, goal)
    ours = shop.task(task).latest_run_id
    assert api.post(f"/api/projects/-/tasks/{task}/run/", {}).status == 200
    shop.settle()
    assert api.post(f"/v1/tracks/{goal}/run/cancel").status == 200
    shop.settle()
    found = api.get(f"/api/projects/-/tasks/{task}/runs/").json["results"]
    assert [(each["id"] == ours, each["status"]) for each in found] == [(False, "queued"), (True, "cancelled")]


def test_a_goal_run_that_is_cancelled_before_it_began_starts_nothing(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    task = add()
    shop.settle()
    assert api.post(f"/v1/tracks/{goal}/run").status == 201
    assert api.post(f"/v1/tracks/{goal}/run/cancel").status == 200
    shop.settle()
    assert shop.task(task).latest_run_id is None


def test_a_new_goal_run_does_not_mix_with_the_one_that_is_being_cancelled(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    task = add()
    start(api, shop, goal)
    former = shop.task(task).latest_run_id
    # given a second goal run in the place of the first before the first has stopped what it started
    assert api.post(f"/v1/tracks/{goal}/run/cancel").status == 200
    cancelled = shop.stream.collect()
    assert api.post(f"/v1/tracks/{goal}/run").status == 201
    # when the word of both comes through
    shop.signal(cancelled)
    shop.settle()
    # then the first one's run is cancelled, and the second one started its own
    assert shop.task(task).latest_run_id > former
    assert shop.task(task).latest_run_status == "queued"
    assert sorted(each.ended for each in shop.machine.executions.values()) == [False, True]


@pytest.mark.parametrize("how", ["completed", "cancelled", "deleted"])
def test_the_end_of_the_goal_is_the_end_of_its_run(api: Api, shop: Workshop, goal: str, add: Any, how: str) -> None:
    task = add()
    start(api, shop, goal)
    if how == "deleted":
        assert api.delete(f"/v1/tracks/{goal}").status == 204
    else:
        change(api, {"id": goal}, {"goal": {"status": how}})
    shop.settle()
    ended = shop.goal_run(goal)
    assert (ended.status, ended.reason) == ("cancelled", f"The goal {'was' if how == 'deleted' else 'is'} {how}.")
    assert shop.task(task).latest_run_status == "cancelled"
    assert all(each.ended for each in shop.machine.executions.values())


# ---------------------------------------------------------------- races and repetitions


def test_a_change_between_a_rounds_reads_and_its_write_is_not_lost(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    first = add()
    second = add(first)
    shop.settle()
    api.post(f"/v1/tracks/{goal}/run")
    shop.signal(shop.stream.collect())
    execution = shop.machine.due()
    assert execution
    table = Meddling(shop)
    # when a person finishes the task, and word of it comes, after the round has read the tasks and before it writes
    table.meddle = lambda: change(api, {"id": first}, {"task": {"status": "done"}})
    shop.advance(execution, table)
    shop.settle()
    assert states(api, goal) == {first: "completed", second: "running"}


class Meddling(Table):
    """A table where something happens, and is told, just before the first transaction."""

    def __init__(self, shop: Workshop) -> None:
        super().__init__(shop.table.name, shop.table.client)
        self.shop = shop
        self.meddle: Callable[[], Any] | None = None

    def write(self, actions: Any, **more: Any) -> None:
        if self.meddle:
            meddle, self.meddle = self.meddle, None
            meddle()
            self.shop.signal(self.shop.stream.collect())
        super().write(actions, **more)


def test_a_waiting_task_that_is_finished_in_between_wakes_the_round_that_is_about_to_wait(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    # as above, but of a task that the round does not write: its transaction goes through
    review = add(**PERSON)
    task = add(review)
    shop.settle()
    api.post(f"/v1/tracks/{goal}/run")
    shop.signal(shop.stream.collect())
    execution = shop.machine.due()
    assert execution
    table = Meddling(shop)
    table.meddle = lambda: change(api, {"id": review}, {"task": {"status": "done"}})
    shop.advance(execution, table)
    assert shop.goal_run(goal).woken == 1
    shop.settle()
    assert states(api, goal) == {review: "completed", task: "running"}


def test_records_that_come_twice_start_nothing_twice(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    first = add()
    second = add(first)
    shop.settle()
    api.post(f"/v1/tracks/{goal}/run")
    while True:
        records = shop.stream.collect()
        execution = shop.machine.due()
        if not records and not execution:
            break
        shop.signal(records)
        shop.signal(records)
        if execution:
            shop.advance(execution)
        if shop.task(first).latest_run_status == "queued":
            shop.work(first, "in_progress", "completed")
    assert len(shop.machine.executions) == 1
    assert _runs_of(shop, first) == 1
    assert _runs_of(shop, second) == 1


def _runs_of(shop: Workshop, task: str) -> int:
    return sum(pk.endswith(task) and sk.startswith("RUN#") for pk, sk in shop.stream.scan())


def test_a_step_that_is_repeated_starts_nothing_twice(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    tasks = [add() for _ in range(3)]
    start(api, shop, goal, maxParallel=2)
    (execution,) = shop.machine.executions.values()
    for _ in range(2):
        shop.advance(execution)
    shop.settle()
    assert [_runs_of(shop, each) for each in tasks] == [1, 1, 0]
    finish(shop, tasks[0])
    assert [_runs_of(shop, each) for each in tasks] == [1, 1, 1]


def test_a_history_that_is_full_continues_in_another_execution(
    api: Api, shop: Workshop, goal: str, add: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goal_rounds, "ROUNDS_MAX", 2)
    chain = [add()]
    for _ in range(4):
        chain.append(add(chain[-1]))
    run = start(api, shop, goal)
    for task in chain:
        finish(shop, task)
    assert status(api, goal) == "completed"
    assert set(shop.machine.executions) == {run["id"], f"{run['id']}-1", f"{run['id']}-2"}
    assert all(each.ended for each in shop.machine.executions.values())


def test_each_end_of_a_task_is_one_round(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    layer: list[str] = []
    layers = []
    for _ in range(2):
        layer = [add(*layer) for _ in range(2)]
        layers.append(layer)
    start(api, shop, goal)
    for layer in layers:
        for task in layer:
            finish(shop, task)
    assert status(api, goal) == "completed"
    (execution,) = shop.machine.executions.values()
    assert execution.entered == ["Advance", *["IsOver", "Advance"] * 4, "IsOver", "Ended"]


# ---------------------------------------------------------------- the reconciler


def test_a_goal_run_whose_start_was_lost_is_started(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    task = add()
    shop.settle()
    run = api.post(f"/v1/tracks/{goal}/run").json
    shop.stream.collect()  # and nobody is told
    assert shop.reconcile(age=60)["seen"] == 0
    counts = shop.reconcile()
    assert (counts["seen"], counts["started"], list(shop.machine.executions)) == (1, 1, [run["id"]])
    shop.settle()
    finish(shop, task)
    assert status(api, goal) == "completed"


@pytest.mark.parametrize("how", ["FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED"])
def test_a_goal_run_whose_execution_is_over_continues_in_the_next(
    api: Api, shop: Workshop, goal: str, add: Any, how: str
) -> None:
    first = add()
    second = add(first)
    run = start(api, shop, goal)
    shop.machine.executions[run["id"]].stop(how)
    finish(shop, first)
    assert states(api, goal) == {first: "completed", second: "ready"}
    assert shop.reconcile()["continued"] == 1
    assert shop.reconcile()["continued"] == 0
    shop.settle()
    assert states(api, goal) == {first: "completed", second: "running"}
    shop.machine.executions[f"{run['id']}-1"].stop(how)
    finish(shop, second)
    assert shop.reconcile()["continued"] == 1
    shop.settle()
    assert status(api, goal) == "completed"
    assert [_runs_of(shop, each) for each in (first, second)] == [1, 1]
    assert list(shop.machine.executions) == [run["id"], f"{run['id']}-1", f"{run['id']}-2"]
    # and one that is over is no longer checked
    assert shop.reconcile()["seen"] == 0


def test_an_execution_that_was_not_started_after_all_is_started_the_next_time(
    api: Api, shop: Workshop, goal: str, add: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = add()
    run = start(api, shop, goal)
    shop.machine.executions[run["id"]].stop()
    with monkeypatch.context() as patched:
        patched.setattr(shop.machine, "start", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            goal_rounds.mend(shop.table, shop.machine, shop.goal_run(goal))  # type: ignore[arg-type]
    shop.reconcile()
    shop.settle()
    finish(shop, task)
    assert (status(api, goal), list(shop.machine.executions)) == ("completed", [run["id"], f"{run['id']}-1"])


def test_the_reconciler_leaves_a_goal_run_alone_that_goes_well_or_has_moved(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    first = add()
    add(first)
    run = start(api, shop, goal)
    read = shop.goal_run(goal)
    assert goal_rounds.mend(shop.table, shop.machine, read) is None  # type: ignore[arg-type]
    shop.machine.executions[run["id"]].stop()
    # given two that read the same goal run, and one that is late
    did = [goal_rounds.mend(shop.table, shop.machine, read) for _ in range(2)]  # type: ignore[arg-type]
    assert did == ["continued", None]
    assert api.post(f"/v1/tracks/{goal}/run/cancel").status == 200
    shop.settle()
    assert goal_rounds.mend(shop.table, shop.machine, read) is None  # type: ignore[arg-type]
    assert (status(api, goal), len(shop.machine.executions)) == ("cancelled", 2)


def test_a_round_of_a_lost_execution_that_is_still_on_its_way_leaves_the_goal_run_to_the_next(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    task = add()
    shop.settle()
    run = api.post(f"/v1/tracks/{goal}/run").json
    shop.signal(shop.stream.collect())
    execution = shop.machine.executions[run["id"]]
    table = Meddling(shop)

    def meddle() -> None:
        execution.stop()
        assert shop.reconcile()["continued"] == 1

    table.meddle = meddle
    shop.advance(execution, table)
    assert shop.goal_run(goal).wait_token is None
    shop.settle()
    assert _runs_of(shop, task) == 1
    assert shop.goal_run(goal).wait_token == shop.machine.executions[f"{run['id']}-1"].token


# ---------------------------------------------------------------- who may, and what is refused


def test_a_goal_has_one_run_at_a_time(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    task = add()
    start(api, shop, goal)
    answer = api.post(f"/v1/tracks/{goal}/run")
    assert (answer.status, answer.json["code"]) == (409, "goal_run_active")
    finish(shop, task)
    change(api, {"id": task}, {"task": {"status": "todo"}})
    assert start(api, shop, goal)["status"] == "running"


def test_a_goal_run_is_begun_under_the_condition_that_nobody_else_began_one(
    api: Api, shop: Workshop, goal: str, add: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    others: list[Answer] = []
    asked = goal_run_rows.has_work

    def has_work(*args: Any) -> bool:
        # Only now, when the first request has read that no goal run is under way.
        monkeypatch.setattr(goal_run_rows, "has_work", asked)
        others.append(api.post(f"/v1/tracks/{goal}/run"))
        return asked(*args)

    monkeypatch.setattr(goal_run_rows, "has_work", has_work)
    late = api.post(f"/v1/tracks/{goal}/run")
    assert [each.status for each in [*others, late]] == [201, 409]


@pytest.mark.parametrize("what", ["none", "people", "done"])
def test_a_goal_without_open_tasks_of_agents_is_not_run(
    api: Api, shop: Workshop, goal: str, add: Any, what: str
) -> None:
    if what != "none":
        add(**(PERSON if what == "people" else {"status": "done"}))
    answer = api.post(f"/v1/tracks/{goal}/run")
    assert (answer.status, answer.json["code"]) == (409, "nothing_to_run")
    assert "assign" in answer.json["detail"]
    assert api.get(f"/v1/tracks/{goal}/run").status == 404


def test_a_goal_of_too_many_tasks_is_not_run(api: Api, table: Table, tenant: str, goal: str, add: Any) -> None:
    add()
    key = {"pk": {"S": f"{tenant}#{goal}"}, "sk": {"S": "TRACK"}}
    values = {":n": {"N": "1001"}}
    table.call(
        "update_item",
        TableName=table.name,
        Key=key,
        UpdateExpression="SET tasks_total = :n",
        ExpressionAttributeValues=values,
    )
    answer = api.post(f"/v1/tracks/{goal}/run")
    assert (answer.status, answer.json["code"]) == (409, "too_many_tasks")


def test_a_finished_goal_is_not_run(api: Api, goal: str, add: Any) -> None:
    add()
    change(api, {"id": goal}, {"goal": {"status": "completed"}})
    assert_refused(api.post(f"/v1/tracks/{goal}/run"), 409)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"maxParallel": 0}, "maxParallel"),
        ({"maxParallel": 51}, "maxParallel"),
        ({"maxParallel": "5"}, "maxParallel"),
        ({"onFailure": "panic"}, "onFailure"),
        ({"max_parallel": 5}, "max_parallel"),
    ],
)
def test_settings_out_of_bounds_are_refused(api: Api, goal: str, body: Any, field: str) -> None:
    assert_refused(api.post(f"/v1/tracks/{goal}/run", body), 400, field)


def test_only_goals_have_goal_runs(api: Api) -> None:
    task = make_task(api, **AGENT)
    for method, path in (("POST", "run"), ("GET", "run"), ("POST", "run/cancel")):
        assert api.request(method, f"/v1/tracks/{task['id']}/{path}").status == 404
        assert api.request(method, f"/v1/tracks/{new_id()}/{path}").status == 404


def test_a_personal_goal_is_its_owners_to_run(api: Api, shop: Workshop, caller: Caller) -> None:
    goal = make_goal(api, scope=PERSONAL)
    task = make_task(api, scope=PERSONAL, goalId=goal["id"], **AGENT)
    ben = caller("user_ben")
    for method, path in (("POST", "run"), ("GET", "run"), ("POST", "run/cancel")):
        assert ben.request(method, f"/v1/tracks/{goal['id']}/{path}").status == 404
    start(api, shop, goal["id"])
    assert states(api, goal["id"]) == {task["id"]: "running"}
    finish(shop, task["id"])
    assert status(api, goal["id"]) == "completed"


def test_personal_tasks_in_a_shared_goal_are_left_alone(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    own = make_task(api, scope=PERSONAL, goalId=goal, **AGENT)
    task = add()
    start(api, shop, goal)
    assert states(api, goal) == {task: "running"}
    assert shop.task(own["id"]).latest_run_id is None


def test_progress_is_shown_page_by_page(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    tasks = [add() for _ in range(5)]
    start(api, shop, goal)
    first = shown(api, goal, "?limit=3")
    second = shown(api, goal, f"?limit=3&cursor={first['nextCursor']}")
    assert [each["id"] for each in first["tasks"] + second["tasks"]] == tasks
    assert second["nextCursor"] is None
    assert_refused(api.get(f"/v1/tracks/{goal}/run?cursor=abc"), 400, "cursor")
    assert_refused(api.get(f"/v1/tracks/{goal}/run?limit=201"), 400, "limit")


def test_a_start_that_is_sent_again_under_its_key_is_one_start(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    add()
    headers = {"idempotency-key": "once"}
    first = api.post(f"/v1/tracks/{goal}/run", {}, headers=headers)
    again = api.post(f"/v1/tracks/{goal}/run", {}, headers=headers)
    assert (first.status, again.status, again.json) == (201, 201, first.json)


# ---------------------------------------------------------------- what it costs


def test_starting_a_goal_run_is_two_reads_and_one_write(api: Api, table: Table, goal: str, add: Any) -> None:
    add()
    calls: list[str] = []
    api.get(f"/v1/tracks/{goal}")
    table.observe = lambda operation, _: calls.append(operation)
    api.post(f"/v1/tracks/{goal}/run")
    assert calls == ["batch_get_item", "query", "put_item"]


def test_a_round_over_a_hundred_tasks_is_three_reads_and_one_transaction(
    api: Api, shop: Workshop, goal: str, add: Any
) -> None:
    add_rows(shop, goal, 100)
    assert api.post(f"/v1/tracks/{goal}/run").status == 201
    run = shop.goal_run(goal)
    calls: list[str] = []
    shop.table.observe = lambda operation, _: calls.append(operation)
    execution = Execution(goal_rounds.execution_of(run)[1])
    shop.advance(execution)
    assert calls == ["batch_get_item", "query", "batch_get_item", "transact_write_items"]


def add_rows(shop: Workshop, goal: str, count: int) -> None:
    """Add agents' tasks without requests: the simulator's transactions take long in a table of many rows."""
    actor = Actor(shop.tenant, "user_ada", "user", frozenset(), "test")
    own = {"goal_id": goal, "project_ids": ("docs",), "status": "todo", "assignee": "agent_bo"}
    made = [tracks.create(actor, "test", "task", f"Task {number}", number=number, **own) for number in range(count)]
    shop.table.put_many([track_rows.to_item(each) for each in made])


def test_a_row_gives_back_the_goal_run_it_was_made_of(api: Api, shop: Workshop, goal: str, add: Any) -> None:
    add()
    start(api, shop, goal, maxParallel=7, onFailure="continue")
    run = shop.goal_run(goal)
    assert (run.max_parallel, run.on_failure, run.seen) == (7, "continue", 0)
    assert run.created_at <= clock.now()
    assert goal_run_rows.from_item(goal_run_rows.to_item(run)) == run
