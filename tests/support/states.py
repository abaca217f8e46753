"""Step Functions without Step Functions: a client that keeps what it was told, and fails when it is asked to."""

import json
from typing import Any

from switchyard.aws.errors import ApiError

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:task-run"


class StatesClient:
    """Executions by name, and the tokens that wait; each takes one answer."""

    def __init__(self) -> None:
        self.executions: dict[str, str] = {}
        self.inputs: dict[str, Any] = {}
        self.waiting: set[str] = set()
        self.answers: dict[str, Any] = {}
        self.heartbeats: list[str] = []
        #: The error of the next call, before it has done anything or after it has.
        self.fail_before: str | None = None
        self.fail_after: str | None = None

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> dict[str, Any]:
        self._before("StartExecution")
        assert stateMachineArn == MACHINE
        if name in self.executions:
            raise refused("ExecutionAlreadyExists")
        self.executions[name], self.inputs[name] = "RUNNING", json.loads(input)
        self._after("StartExecution")
        return {"executionArn": f"{MACHINE.replace(':stateMachine:', ':execution:')}:{name}"}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        self._before("DescribeExecution")
        name = executionArn.removeprefix(f"{MACHINE.replace(':stateMachine:', ':execution:')}:")
        if name not in self.executions:
            raise refused("ExecutionDoesNotExist")
        status = self.executions[name]
        return {"status": status} | ({"error": "States.Runtime"} if status == "FAILED" else {})

    def send_task_success(self, taskToken: str, output: str) -> dict[str, Any]:
        self._before("SendTaskSuccess")
        self._check(taskToken)
        self.waiting.remove(taskToken)
        self.answers[taskToken] = json.loads(output)
        self._after("SendTaskSuccess")
        return {}

    def send_task_heartbeat(self, taskToken: str) -> dict[str, Any]:
        self._before("SendTaskHeartbeat")
        self._check(taskToken)
        self.heartbeats.append(taskToken)
        return {}

    def _check(self, token: str) -> None:
        if token not in self.waiting:
            raise refused("TaskTimedOut" if token in self.answers else "TaskDoesNotExist")

    def _before(self, operation: str) -> None:
        if code := self.fail_before:
            self.fail_before = None
            raise refused(code, operation)

    def _after(self, operation: str) -> None:
        if code := self.fail_after:
            self.fail_after = None
            raise refused(code, operation)


def refused(code: str, operation: str = "operation") -> ApiError:
    """The error of a call that was refused."""
    return ApiError({"Error": {"Code": code, "Message": code}}, operation)
