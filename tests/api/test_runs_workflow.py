"""The workflow of a run, step by step: what is told to whom, in whatever order it happens and however often."""

from collections.abc import Callable
from typing import Any

import pytest

from switchyard.aws.executions import Executions
from switchyard.domain import clock
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.ledger import runs, tracks
from switchyard.pipeline import workflow
from switchyard.pipeline.reconciler import reconcile
from switchyard.store import keys
from switchyard.store import runs as run_rows
from switchyard.store.table import Item, Table
from tests.support.runs import Runs
from tests.support.states import MACHINE, StatesClient
from tests.support.stream import Record, Stream, consume, messages


class World(Runs):
    """A tenant with runs, the records of its rows, and the executions they are carried to."""

    def __init__(self, table: Table, tenant: str) -> None:
        super().__init__(table, tenant)
        self.states = StatesClient()
        self.executions = Executions(MACHINE, self.states)
        self.of_goals = Executions(MACHINE, self.states)
        self.stream = Stream(table, tenant)

    def step(self, act: Callable[..., Any], run: Run, token: str, **more: Any) -> Any:
        """Run a step of the run's execution, which waits with the token from then on."""
        self.states.waiting.add(token)
        ids = {"tenant_id": run.tenant_id, "task_id": run.task_id, "run_id": run.id, "execution": run.execution}
        return act(self.table, {**ids, "token": token, **more}, new_id())

    def ended(self, run: Run, step: str, error: str) -> Any:
        return self.step(workflow.end, run, "none", step=step, error=error)

    def deliver(self) -> list[Record]:
        """Carry all new records to the executions, twice as the stream may; returns them."""
        records = self.stream.collect()
        for _ in range(2):
            assert self.consume(records) == []
        return records

    def consume(self, records: list[Record]) -> list[str]:
        clients = {"table": self.table, "executions_runs": self.executions, "executions_goal_runs": self.of_goals}
        return consume("pipeline.signal_runs", messages(records)["Records"], **clients)

    def reconcile(self, age: int = -1) -> dict[str, int]:
        return reconcile(self.table, self.executions, Executions(MACHINE, StatesClient()), age, new_id())


@pytest.fixture
def world(table: Table, tenant: str) -> World:
    return World(table, tenant)


# ---------------------------------------------------------------- start


def test_a_queued_run_is_started_once_under_its_own_name(world: World) -> None:
    run = world.run(pickup_seconds=7)
    world.deliver()
    assert world.states.executions == {run.id: "RUNNING"}
    ids = {"tenant_id": run.tenant_id, "task_id": run.task_id, "run_id": run.id}
    assert world.states.inputs[run.id] == {**ids, "pickup_seconds": 7}


def test_a_run_starts_when_it_comes_to_be_queued_and_only_in_the_cloud(world: World) -> None:
    later, elsewhere = world.run(status="not_started"), world.run(environment="local")
    world.deliver()
    assert world.states.executions == {}
    world.change(later, status="queued")
    world.change(elsewhere, status="in_progress")
    world.deliver()
    assert list(world.states.executions) == [later.id]


@pytest.mark.parametrize("moment", ["fail_before", "fail_after"])
def test_a_consumer_that_fails_beside_starting_gets_its_record_again_alone(world: World, moment: str) -> None:
    first, second = world.run(), world.run()
    records = world.stream.collect()
    setattr(world.states, moment, "AccessDeniedException")
    failed = world.consume(records)
    assert len(failed) == 1
    assert world.consume([each for each in records if each["dynamodb"]["SequenceNumber"] in failed]) == []
    assert world.states.executions.keys() == {first.id, second.id}


def test_a_throttled_call_is_made_again_at_once(world: World) -> None:
    run = world.run()
    world.states.fail_before = "ThrottlingException"
    assert world.consume(world.stream.collect()) == []
    assert list(world.states.executions) == [run.id]


def test_only_what_concerns_a_workflow_is_signalled_and_without_large_fields(world: World) -> None:
    run = world.run(state={"pending_user_message": "x" * 10_000})
    records = world.stream.collect()
    (message,) = messages(records)["Records"]
    assert len(records) == 2
    assert len(message["body"]) < 300
    world.change_task(run, description="y" * 10_000)
    assert messages(world.stream.collect())["Records"] == []
    world.change_task(run, status="done")
    (message,) = messages(world.stream.collect())["Records"]
    assert len(message["body"]) < 500


# ---------------------------------------------------------------- dispatch


def test_dispatching_offers_the_run_and_waits_until_an_agent_picks_it_up(world: World) -> None:
    run = world.run(idle_seconds=50, timeout_seconds=100)
    world.step(workflow.dispatch, run, "one")
    offered = world.now(run)
    assert (offered.dispatches, offered.wait_step, offered.wait_token) == (1, "dispatch", "one")
    assert "ready" in run_rows.to_item(offered)
    world.deliver()
    assert world.states.answers == {}
    world.claim(run)
    world.deliver()
    answer = world.states.answers["one"]
    assert (answer["status"], answer["idle_seconds"], answer["timeout_seconds"]) == ("in_progress", 50, 100)


def test_a_run_that_was_cancelled_before_its_step_waits_is_answered_at_once(world: World) -> None:
    run = world.run()
    world.change(run, status="cancelled")
    world.deliver()
    world.step(workflow.dispatch, run, "one")
    assert world.now(run).version == 2
    world.deliver()
    assert world.states.answers["one"]["status"] == "cancelled"


def test_a_run_that_was_picked_up_between_two_offers_continues(world: World) -> None:
    run = world.run()
    world.step(workflow.dispatch, run, "one")
    world.states.waiting.remove("one")
    world.claim(run)
    world.deliver()
    assert world.states.answers == {}
    world.step(workflow.dispatch, run, "two")
    assert world.now(run).dispatches == 1
    world.deliver()
    assert world.states.answers["two"]["status"] == "in_progress"


def test_a_run_that_nobody_picks_up_fails_and_says_how_often_it_was_offered(world: World) -> None:
    run = world.run()
    for token in ("one", "two", "three"):
        world.step(workflow.dispatch, run, token)
    word = world.ended(run, "dispatch", workflow.TIMEOUT)
    failed = world.now(run)
    assert word["status"] == failed.status == "failed"
    assert failed.error_message == "No agent picked the run up, though it was offered 3 times."
    assert world.task_of(run).status == "todo"
    assert failed.changed_source == "workflow"


def test_a_run_that_is_picked_up_at_the_last_moment_is_not_failed(world: World) -> None:
    run = world.run()
    world.step(workflow.dispatch, run, "one")
    world.claim(run)
    assert world.ended(run, "dispatch", workflow.TIMEOUT)["status"] == "in_progress"
    assert world.now(run).status == "in_progress"


# ---------------------------------------------------------------- work


@pytest.fixture
def working(world: World) -> Run:
    """A run that an agent works on, with a workflow that waits with the token `work`."""
    run = world.run(idle_seconds=60, timeout_seconds=600)
    world.deliver()
    world.step(workflow.dispatch, run, "pickup")
    world.claim(run)
    world.deliver()
    world.step(workflow.watch, run, "work")
    world.deliver()
    return run


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_the_end_of_the_run_ends_the_workflow(world: World, working: Run, status: str) -> None:
    world.rewrite(working, holder=None, lease_until=None)
    world.change(working, status=status)
    world.deliver()
    assert world.states.answers["work"]["status"] == status


def test_a_run_that_ended_before_the_workflow_waits_for_it_is_answered(world: World) -> None:
    run = world.run()
    world.step(workflow.dispatch, run, "pickup")
    world.claim(run)
    world.change(run, status="cancelled")
    world.deliver()
    assert world.states.answers["pickup"]["status"] == "cancelled"
    world.step(workflow.watch, run, "work")
    world.deliver()
    assert world.states.answers["work"]["status"] == "cancelled"


def test_an_end_that_was_decided_before_the_workflow_waited_answers_it(world: World, working: Run) -> None:
    ledger = world.unit()
    found = runs.find(ledger, working.task_id, working.id)
    world.states.waiting.remove("work")
    world.step(workflow.watch, working, "again")
    runs.change(ledger, *found, status="cancelled")
    ledger.commit(200, {}, "")
    world.deliver()
    assert world.states.answers["again"]["status"] == "cancelled"


def test_signs_of_life_are_passed_on_and_nothing_else_is(world: World, working: Run) -> None:
    world.rewrite(working, stage="testing")
    world.deliver()
    assert world.states.heartbeats == []
    world.rewrite(working, heartbeat_at="2031-01-01T00:00:00.000Z")
    world.deliver()
    assert world.states.heartbeats == ["work", "work"]


def test_a_run_that_is_given_back_is_neither_started_again_nor_ended(world: World, working: Run) -> None:
    world.deliver()
    ledger = world.unit("agent_bo")
    runs.release(ledger, *runs.find(ledger, working.task_id, working.id))
    ledger.commit(200, {}, "")
    known = dict(world.states.executions)
    world.deliver()
    assert world.states.executions == known
    assert "work" in world.states.waiting


def test_a_run_that_was_given_up_before_it_was_ever_offered_is_offered(world: World) -> None:
    run = world.run()
    world.change(run, status="in_progress")
    world.step(workflow.dispatch, run, "pickup")
    world.change(run, status="queued")
    assert "ready" in run_rows.to_item(world.now(run))
    world.claim(run)
    world.deliver()
    assert world.states.answers["pickup"]["status"] == "in_progress"


@pytest.mark.parametrize("error", [workflow.TIMEOUT, workflow.SILENCE])
@pytest.mark.parametrize(("mode", "status"), [("background", "failed"), ("interactive", "completed")])
def test_a_silent_run_ends_by_its_mode(world: World, working: Run, mode: str, status: str, error: str) -> None:
    a_minute_ago = clock.stamp(clock.epoch() - 60)
    world.rewrite(working, heartbeat_at=a_minute_ago, started_at=a_minute_ago, state={"mode": mode})
    assert world.ended(working, "work", error)["status"] == status
    assert world.now(working).error_message == "Run timed out due to inactivity"
    world.deliver()
    assert world.states.answers["work"]["status"] == status


@pytest.mark.parametrize("error", [workflow.TIMEOUT, workflow.SILENCE])
def test_a_heartbeat_that_came_too_late_for_the_workflow_still_counts(world: World, working: Run, error: str) -> None:
    word = world.ended(working, "work", error)
    assert (word["ended"], word["idle_seconds"]) == (False, 60)
    assert world.now(working).status == "in_progress"


@pytest.mark.parametrize("error", [workflow.TIMEOUT, workflow.SILENCE])
def test_a_run_that_takes_too_long_fails_though_it_is_alive(world: World, working: Run, error: str) -> None:
    world.rewrite(working, started_at=clock.stamp(clock.epoch() - 600))
    assert world.ended(working, "work", error)["status"] == "failed"
    assert world.now(working).error_message == "The run did not finish within 600 seconds."


def test_a_step_that_broke_fails_the_run_and_says_so(world: World, working: Run) -> None:
    assert world.ended(working, "work", "Busy")["status"] == "failed"
    assert world.now(working).error_message == "The run's workflow failed: Busy"


def test_the_time_that_a_run_has_left_counts_from_its_start(world: World, working: Run) -> None:
    world.rewrite(working, started_at=clock.stamp(clock.epoch() - 580))
    word = workflow.word(world.now(working))
    assert 17 <= word["timeout_seconds"] <= 20
    assert word["idle_seconds"] == word["timeout_seconds"] - 1
    world.rewrite(working, started_at="2020-01-01T00:00:00.000Z")
    assert workflow.word(world.now(working))["timeout_seconds"] == 2


def test_a_final_status_stays_whatever_the_workflow_comes_to(world: World, working: Run) -> None:
    world.change(working, status="cancelled")
    before = world.now(working)
    for step, error in [("dispatch", workflow.TIMEOUT), ("work", workflow.SILENCE), ("work", "Broken")]:
        assert world.ended(working, step, error)["status"] == "cancelled"
    assert world.now(working) == before


def test_steps_of_a_run_that_is_not_there_fail_and_end_their_execution(world: World) -> None:
    run = replace(world.run(), id=new_id())
    for step in (workflow.dispatch, workflow.watch):
        with pytest.raises(workflow.Superseded):
            world.step(step, run, "one")
    assert world.ended(run, "dispatch", "Superseded")["ended"] is True


# ---------------------------------------------------------------- local sessions


def test_a_run_that_goes_to_a_local_session_leaves_the_workflow(world: World, working: Run) -> None:
    world.change(working, environment="local")
    world.deliver()
    assert world.states.answers["work"]["ended"] is True
    assert world.now(working).status == "in_progress"
    assert world.ended(working, "work", workflow.SILENCE)["ended"] is True
    assert world.now(working).status == "in_progress"


def test_a_run_that_comes_back_gets_an_execution_of_its_own(world: World, working: Run) -> None:
    world.change(working, environment="local")
    world.deliver()
    world.resume(working)
    world.deliver()
    assert list(world.states.executions) == [working.id, f"{working.id}-1"]
    resumed = world.now(working)
    world.step(workflow.dispatch, resumed, "again")
    world.claim(resumed)
    world.deliver()
    assert world.states.answers["again"]["ended"] is False


def test_a_former_execution_has_no_say_in_a_run_that_came_back(world: World, working: Run) -> None:
    world.rewrite(working, holder=None, lease_until=None)
    world.change(working, status="failed")
    world.resume(working)
    before = world.now(working)
    for step in (workflow.dispatch, workflow.watch):
        with pytest.raises(workflow.Superseded):
            world.step(step, working, "stale")
    for error in (workflow.TIMEOUT, workflow.SILENCE, "Superseded"):
        assert world.ended(working, "work", error)["ended"] is True
    assert world.now(working) == before


# ---------------------------------------------------------------- the task ends


@pytest.mark.parametrize(
    ("fields", "status"), [({"status": "done"}, "completed"), ({"status": "cancelled"}, "cancelled")]
)
def test_a_task_that_ends_by_other_means_ends_its_runs(world: World, fields: Item, status: str) -> None:
    run = world.run()
    world.step(workflow.dispatch, run, "one")
    world.deliver()
    world.change_task(run, **fields)
    world.deliver()
    ended, task = world.now(run), world.task_of(run)
    assert (ended.status, task.latest_run_status, task.status) == (status, status, fields["status"])
    world.deliver()
    assert world.states.answers["one"]["status"] == status


def test_the_end_of_a_task_that_was_reopened_leaves_its_later_runs_alone(world: World) -> None:
    former = world.run()
    world.deliver()
    world.change_task(former, status="cancelled")
    ended = world.stream.collect()
    assert world.consume(ended) == []
    world.change_task(former, status="todo")
    later = world.run(world.task_of(former))
    assert world.consume(ended) == []
    assert (world.now(former).status, world.now(later).status) == ("cancelled", "queued")


def test_a_deleted_task_cancels_its_runs(world: World) -> None:
    run = world.run()
    world.deliver()
    ledger = world.unit()
    tracks.delete(ledger, ledger.get(run.task_id))
    ledger.commit(200, {}, "")
    world.deliver()
    assert world.now(run).status == "cancelled"


def test_a_run_that_completes_ends_the_older_ones_of_its_task(world: World) -> None:
    task = world.task()
    older, newer = world.run(task), world.run(task)
    world.deliver()
    world.change(newer, status="in_progress")
    world.change(newer, status="completed")
    world.deliver()
    assert (world.now(older).status, world.now(newer).version) == ("completed", 3)


# ---------------------------------------------------------------- the reconciler


def test_the_reconciler_leaves_alone_what_goes_well(world: World, working: Run) -> None:
    world.rewrite(world.run(), environment="local")
    assert world.reconcile() == {"seen": 1, "started": 0, "answered": 0, "settled": 0, "continued": 0}


def test_the_reconciler_starts_what_was_never_started(world: World) -> None:
    run = world.run()
    assert world.reconcile(age=60)["seen"] == 0
    assert world.reconcile() == {"seen": 1, "started": 1, "answered": 0, "settled": 0, "continued": 0}
    assert list(world.states.executions) == [run.id]
    assert world.reconcile()["started"] == 0


@pytest.mark.parametrize("ended", ["FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED"])
def test_the_reconciler_settles_a_run_whose_execution_is_over(world: World, working: Run, ended: str) -> None:
    world.states.executions[working.id] = ended
    assert world.reconcile()["settled"] == 1
    settled = world.now(working)
    assert settled.status == "failed"
    assert settled.error_message
    assert "workflow ended" in settled.error_message
    assert world.task_of(working).status == "todo"
    assert world.reconcile() == {"seen": 0, "started": 0, "answered": 0, "settled": 0, "continued": 0}


def test_the_reconciler_repeats_a_signal_that_was_lost(world: World) -> None:
    run = world.run()
    world.states.executions[run.id] = "RUNNING"
    world.step(workflow.dispatch, run, "one")
    world.claim(run)
    assert world.reconcile()["answered"] == 1
    assert world.states.answers["one"]["status"] == "in_progress"


def test_the_reconciler_continues_where_it_ran_out_of_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {world.run().id for _ in range(6)}
    while len(world.states.executions) < len(made):
        started = len(world.states.executions)
        world.table.give(60_000)
        with monkeypatch.context() as patched:
            real = world.executions.start

            def start(name: str, given: Any, real: Any = real) -> bool:
                answer = real(name, given)
                world.table.deadline = 0
                return bool(answer)

            patched.setattr(world.executions, "start", start)
            world.reconcile()
        assert len(world.states.executions) == started + 1
    assert world.states.executions.keys() == made
    world.table.give(60_000)
    world.reconcile()
    row = world.table.get(*keys.RECONCILER)
    assert row
    assert row["shard"]["N"] == "0"
    assert "after" not in row
