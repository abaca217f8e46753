"""What the workflows rely on: the local stack's Step Functions wait, time out and take answers as AWS does."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stack.emulated import STEP, Machine, create_function, create_role


@pytest.fixture(scope="module")
def step(aws: Any) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    yield create_function(aws, name, STEP)
    aws("lambda").delete_function(FunctionName=name)


@pytest.fixture(scope="module")
def role(aws: Any) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    yield create_role(aws, name, "states")
    aws("iam").delete_role(RoleName=name)


@pytest.fixture
def machine(aws: Any, step: str, role: str) -> Iterator[Callable[..., Machine]]:
    made: list[Machine] = []

    def make(**settings: Any) -> Machine:
        made.append(Machine(aws, step, role, **settings))
        return made[-1]

    yield make
    for each in made:
        each.client.delete_state_machine(stateMachineArn=each.arn)


def test_the_first_answer_to_a_token_ends_its_wait_and_later_ones_are_refused(
    machine: Callable[..., Machine],
) -> None:
    waiting = machine()
    execution = waiting.start()
    (token,) = waiting.tokens(execution)
    waiting.client.send_task_success(taskToken=token, output='{"said": "done"}')
    assert json.loads(waiting.end(execution)["output"]) == {"said": "done"}
    assert waiting.refusal("send_task_success", taskToken=token, output="{}") == "TaskTimedOut"
    assert waiting.refusal("send_task_heartbeat", taskToken=token) == "TaskTimedOut"
    assert waiting.refusal("send_task_heartbeat", taskToken="never-given") == "TaskDoesNotExist"
    assert waiting.refusal("send_task_success", taskToken=token, output="no json") == "InvalidOutput"


def test_heartbeats_keep_a_task_and_their_absence_ends_it(machine: Callable[..., Machine]) -> None:
    waiting = machine(HeartbeatSecondsPath="$.idle", TimeoutSecondsPath="$.all")
    execution = waiting.start(idle=1, all=30)
    (token,) = waiting.tokens(execution)
    for _ in range(4):
        time.sleep(0.5)
        waiting.client.send_task_heartbeat(taskToken=token)
    ended = waiting.end(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.HeartbeatTimeout")
    assert (ended["stopDate"] - ended["startDate"]).total_seconds() > 2.5


def test_the_time_of_a_task_comes_from_its_input_and_heartbeats_do_not_extend_it(
    machine: Callable[..., Machine],
) -> None:
    waiting = machine(HeartbeatSecondsPath="$.idle", TimeoutSecondsPath="$.all")
    execution = waiting.start(idle=30, all=1)
    waiting.client.send_task_heartbeat(taskToken=waiting.tokens(execution)[0])
    assert waiting.end(execution)["error"] == "States.Timeout"


def test_a_caught_time_out_continues_elsewhere(machine: Callable[..., Machine]) -> None:
    catch = [{"ErrorEquals": ["States.HeartbeatTimeout"], "ResultPath": "$.why", "Next": "Caught"}]
    waiting = machine(HeartbeatSeconds=1, Catch=catch)
    ended = waiting.end(waiting.start(kept=True))
    assert json.loads(ended["output"]) == {"kept": True, "why": {"Error": "States.HeartbeatTimeout", "Cause": ""}}


def test_each_attempt_has_a_token_of_its_own(machine: Callable[..., Machine]) -> None:
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    waiting = machine(TimeoutSeconds=1, Retry=retry)
    execution = waiting.start()
    first, second = waiting.tokens(execution, count=2)
    assert first != second
    assert waiting.refusal("send_task_success", taskToken=first, output="{}") == "TaskTimedOut"
    waiting.client.send_task_success(taskToken=second, output="{}")
    assert waiting.end(execution)["status"] == "SUCCEEDED"


def test_a_failed_step_is_reported_by_the_name_of_its_error(machine: Callable[..., Machine]) -> None:
    waiting = machine()
    ended = waiting.end(waiting.start(fail=True))
    assert (ended["status"], ended["error"]) == ("FAILED", "LookupError")


def test_a_stopped_execution_takes_no_answers(machine: Callable[..., Machine]) -> None:
    waiting = machine()
    execution = waiting.start()
    (token,) = waiting.tokens(execution)
    waiting.client.stop_execution(executionArn=execution, error="Test")
    assert waiting.refusal("send_task_success", taskToken=token, output="{}") == "TaskTimedOut"
    assert waiting.end(execution)["status"] == "ABORTED"


def test_a_machine_has_a_time_of_its_own(machine: Callable[..., Machine]) -> None:
    waiting = machine(machine={"TimeoutSeconds": 1})
    execution = waiting.start()
    (token,) = waiting.tokens(execution)
    assert waiting.end(execution)["status"] == "TIMED_OUT"
    assert waiting.refusal("send_task_heartbeat", taskToken=token) == "TaskTimedOut"


def test_a_name_is_used_once(machine: Callable[..., Machine]) -> None:
    waiting = machine()
    waiting.client.start_execution(stateMachineArn=waiting.arn, name="once", input="{}")
    refusal = waiting.refusal("start_execution", stateMachineArn=waiting.arn, name="once", input='{"other": 1}')
    assert refusal == "ExecutionAlreadyExists"


def test_fifty_executions_wait_at_once(machine: Callable[..., Machine]) -> None:
    waiting = machine(HeartbeatSeconds=60)
    with ThreadPoolExecutor(8) as threads:
        executions = list(threads.map(lambda _: waiting.start(), range(50)))
        tokens = list(threads.map(lambda each: waiting.tokens(each)[0], executions))
        list(threads.map(lambda each: waiting.client.send_task_success(taskToken=each, output="{}"), tokens))
        ended = list(threads.map(waiting.end, executions))
    assert {each["status"] for each in ended} == {"SUCCEEDED"}
