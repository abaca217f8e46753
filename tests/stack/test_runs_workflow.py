"""The workflow of runs on the deployed stack: every way that it can take ends in one final status."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from switchyard.domain.claims import Leased, NotClaimable
from switchyard.domain.runs import Run
from switchyard.ledger.unit import Stale
from switchyard.store import runs as run_rows
from switchyard.store.table import Table
from tests.stack.emulated import until
from tests.support.runs import Runs
from tests.support.stream import record

WORKERS, RUNS = 4, 50


class Deployed(Runs):
    """The demo tenant of the stack, its runs and their executions."""

    def __init__(self, stack: dict[str, Any], aws: Any, outputs: dict[str, str], database: Any) -> None:
        super().__init__(Table(outputs["TableName"], database), stack["workspace_id"])
        self.states, self.functions = aws("stepfunctions"), aws("lambda")
        self.executions = outputs["TaskRunMachineArn"].replace(":stateMachine:", ":execution:")
        resources = aws("cloudformation").describe_stack_resources(StackName="switchyard")["StackResources"]
        self.names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}

    def until(self, run: Run, enough: Callable[[Run], bool]) -> Run:
        """The run, once it is what is waited for."""
        self.table.give(60_000)
        return until(lambda: self.now(run), enough)

    def offered(self, **fields: Any) -> Run:
        """A new run, once the workflow has offered it to agents."""
        return self.until(self.run(**fields), lambda run: run.dispatched_at is not None)

    def working(self, **fields: Any) -> Run:
        """A new run that an agent has claimed, once the workflow waits for its end."""
        run = self.offered(**fields)
        self.claim(run)
        return self.until(run, lambda found: found.wait_step == "work")

    def execution(self, run: Run) -> dict[str, Any]:
        return dict(self.states.describe_execution(executionArn=f"{self.executions}:{run.id}"))

    def started(self) -> set[str]:
        """The names of the latest executions."""
        found = self.states.list_executions(stateMachineArn=self.names["TaskRunMachine"], maxResults=100)
        return {each["name"] for each in found["executions"]}

    def states_entered(self, run: Run) -> list[str]:
        found = self.states.get_execution_history(executionArn=f"{self.executions}:{run.id}")["events"]
        return [each["stateEnteredEventDetails"]["name"] for each in found if "stateEnteredEventDetails" in each]

    def over(self, run: Run) -> dict[str, Any]:
        """The run's execution, once it is over."""
        return until(lambda: self.execution(run), lambda found: found["status"] != "RUNNING")

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        answer = self.functions.invoke(FunctionName=self.names[function], Payload=json.dumps(event))
        found = json.loads(answer["Payload"].read() or "null")
        assert "FunctionError" not in answer, found
        return found


@pytest.fixture(scope="module")
def deployed(stack: dict[str, Any], aws: Any, outputs: dict[str, str], database: Any) -> Deployed:
    return Deployed(stack, aws, outputs, database)


@pytest.mark.parametrize(("status", "task_status"), [("completed", "done"), ("failed", "todo")])
def test_a_run_goes_from_queued_to_its_end(deployed: Deployed, status: str, task_status: str) -> None:
    run = deployed.offered()
    assert run.dispatches == 1
    deployed.claim(run)
    deployed.until(run, lambda found: found.wait_step == "work")
    deployed.finish(run, status)
    assert deployed.over(run)["status"] == "SUCCEEDED"
    assert deployed.now(run).status == status
    task = deployed.task_of(run)
    assert (task.status, task.latest_run_status) == (task_status, status)
    assert deployed.states_entered(run) == ["Dispatch", "HasEnded", "Work", "HasEnded", "Ended"]


def test_the_trail_of_the_task_has_its_run(deployed: Deployed, stack: dict[str, Any]) -> None:
    run = deployed.offered()
    deployed.claim(run)
    deployed.finish(run, "completed")
    token = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    with httpx.Client(base_url=stack["url"], headers=token, timeout=30, trust_env=False) as http:

        def entries() -> list[Any]:
            items = http.get("/v1/audit", params={"track": run.task_id}).json()["items"]
            return [each for each in items if each["action"] == "run_status_changed"]

        found = until(entries, lambda items: len(items) >= 3)
    assert [each["newStatus"] for each in found] == ["completed", "in_progress", "queued"]
    assert {each["relatedResource"]["id"] for each in found} == {run.id}


def test_a_run_is_cancelled_before_it_is_offered(deployed: Deployed) -> None:
    run = deployed.run()
    deployed.change(run, status="cancelled")
    until(lambda: run.id in deployed.started(), bool)
    assert deployed.over(run)["status"] == "SUCCEEDED"
    assert deployed.now(run).status == "cancelled"
    assert deployed.now(run).dispatches == 0


@pytest.mark.parametrize("state", ["offered", "working"])
def test_a_run_is_cancelled_at_each_state(deployed: Deployed, state: str) -> None:
    run = getattr(deployed, state)()
    deployed.change(run, status="cancelled")
    assert deployed.over(run)["status"] == "SUCCEEDED"
    assert deployed.now(run).status == "cancelled"
    assert deployed.task_of(run).status == "todo"


def test_a_run_ends_with_its_task(deployed: Deployed) -> None:
    run = deployed.offered()
    deployed.change_task(run, status="done")
    assert deployed.over(run)["status"] == "SUCCEEDED"
    assert deployed.now(run).status == "completed"


def test_a_silent_run_fails_and_signs_of_life_keep_it(deployed: Deployed) -> None:
    run = deployed.working(idle_seconds=2)
    for _ in range(3):
        time.sleep(1)
        deployed.beat(run)
    assert deployed.now(run).status == "in_progress"
    assert deployed.over(run)["status"] == "SUCCEEDED"
    ended = deployed.now(run)
    assert (ended.status, ended.error_message) == ("failed", "Run timed out due to inactivity")
    assert deployed.task_of(run).status == "todo"


def test_a_silent_interactive_run_completes(deployed: Deployed) -> None:
    run = deployed.working(idle_seconds=1, state={"mode": "interactive"})
    deployed.over(run)
    assert deployed.now(run).status == "completed"
    assert deployed.task_of(run).status == "done"


def test_a_run_that_takes_too_long_fails(deployed: Deployed) -> None:
    run = deployed.working(timeout_seconds=3)
    assert deployed.over(run)["status"] == "SUCCEEDED"
    assert deployed.now(run).error_message == "The run did not finish within 3 seconds."


def test_a_run_that_nobody_picks_up_is_offered_again_and_then_fails(deployed: Deployed) -> None:
    run = deployed.offered(pickup_seconds=1)
    ended = deployed.until(run, lambda found: found.is_final)
    assert (ended.status, ended.dispatches) == ("failed", 3)
    assert ended.error_message == "No agent picked the run up, though it was offered 3 times."
    assert deployed.over(run)["status"] == "SUCCEEDED"


def test_a_run_that_is_given_back_continues_with_another_agent(deployed: Deployed) -> None:
    run = deployed.working()
    deployed.give_back(run)
    assert deployed.task_of(run).status == "todo"
    deployed.claim(run, "agent_cy")
    deployed.finish(run, "completed", "agent_cy")
    assert deployed.over(run)["status"] == "SUCCEEDED"
    assert deployed.now(run).fence == 2


def test_a_run_whose_worker_dies_is_carried_out_by_the_next_one(deployed: Deployed) -> None:
    run = deployed.offered()
    deployed.claim(run, "agent_bo", seconds=1)
    until(lambda: tried(lambda: deployed.claim(run, "agent_cy")), bool)
    with pytest.raises(Leased):
        deployed.finish(run, "failed", "agent_bo")
    deployed.finish(run, "completed", "agent_cy")
    assert deployed.over(run)["status"] == "SUCCEEDED"
    assert (deployed.now(run).status, deployed.now(run).fence) == ("completed", 2)


def tried(claim: Callable[[], None]) -> bool:
    """Return whether the claim was to be had."""
    try:
        claim()
    except Leased:
        return False
    return True


def test_records_that_come_again_change_nothing(deployed: Deployed) -> None:
    run = deployed.working()
    row = run_rows.to_item(run)
    records = [record(None, run_rows.to_item(run), 1), record(row, row, 2)]
    for _ in range(2):
        assert deployed.invoke("PipelineEnqueueDeliveries", {"Records": records}) == {"batchItemFailures": []}
    assert deployed.now(run) == run
    deployed.finish(run, "completed")
    assert deployed.over(run)["status"] == "SUCCEEDED"
    final = deployed.now(run)
    again = [record(row, run_rows.to_item(final), 1)]
    assert deployed.invoke("PipelineEnqueueDeliveries", {"Records": again}) == {"batchItemFailures": []}
    assert deployed.now(run) == final


def test_a_run_whose_execution_was_stopped_is_settled(deployed: Deployed) -> None:
    run = deployed.working()
    deployed.states.stop_execution(executionArn=f"{deployed.executions}:{run.id}", error="ByHand")
    until(lambda: deployed.invoke("WorkflowsReconcileRuns", {"age": 0}), lambda _: deployed.now(run).is_final)
    ended = deployed.now(run)
    assert (ended.status, ended.error_message) == (
        "failed",
        "The run's workflow ended (ByHand) before the run did.",
    )
    assert deployed.task_of(run).status == "todo"


def test_fifty_runs_at_once_are_each_carried_out_by_one_worker(deployed: Deployed) -> None:
    deployed.table.give(300_000)
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: deployed.run(), range(RUNS)))
        started = time.monotonic()
        taken: list[tuple[str, str]] = []

        def work(agent: str) -> None:
            left = list(made)
            while left and time.monotonic() < started + 120:
                for run in list(left):
                    try:
                        deployed.claim(run, agent)
                    except Leased:
                        left.remove(run)
                    except NotClaimable:
                        if deployed.now(run).is_final:
                            left.remove(run)
                    except Stale:
                        continue
                    else:
                        taken.append((run.id, agent))
                        left.remove(run)
                        deployed.finish(run, "completed", agent)
                time.sleep(0.05)

        list(threads.map(work, [f"agent_{number}" for number in range(WORKERS)]))
        ends = list(threads.map(deployed.over, made))
    print(f"{RUNS} runs by {WORKERS} workers: {time.monotonic() - started:.1f} s")
    assert {each["status"] for each in ends} == {"SUCCEEDED"}
    assert sorted(run for run, _ in taken) == sorted(each.id for each in made)
    assert {deployed.now(each).status for each in made} == {"completed"}
    assert {deployed.now(each).fence for each in made} == {1}
