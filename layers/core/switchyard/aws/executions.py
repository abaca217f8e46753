"""Executions of a state machine: the only place that talks to Step Functions.

What was done before, or comes too late, is an answer here and no error: every caller may be repeated.
"""

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from switchyard.aws import retry
from switchyard.aws.clients import make_client
from switchyard.aws.errors import ApiError
from switchyard.domain.structs import Struct

#: The task that a token belongs to is over, or its machine is gone.
_STALE = frozenset({"InvalidToken", "TaskDoesNotExist", "TaskTimedOut"})
_MACHINES = {"runs": "TASK_RUN_MACHINE_ARN", "goal_runs": "GOAL_RUN_MACHINE_ARN", "imports": "IMPORT_MACHINE_ARN"}
_RETRYABLE = frozenset({"InternalFailure", "RequestLimitExceeded", "ServiceUnavailable", "ThrottlingException"})


class Execution(Struct):
    """The state of an execution: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED; `error` when it failed."""

    status: str
    error: str | None = None

    @property
    def is_running(self) -> bool:
        return self.status in ("RUNNING", "PENDING_REDRIVE")


class Executions:
    """The executions of one machine, by name. `deadline` is a time.monotonic() value: no retry starts after it."""

    def __init__(self, machine_arn: str, client: Any) -> None:
        self.machine_arn = machine_arn
        self.client = client
        self.deadline = time.monotonic() + 30

    @classmethod
    def of(cls, what: str) -> "Executions":
        """Return those of the machine for `runs`, `goal_runs` or `imports`, which the environment names."""
        return cls(os.environ[_MACHINES[what]], make_client("stepfunctions"))

    def start(self, name: str, given: Mapping[str, Any]) -> bool:
        """Start an execution; returns whether it was this call that did (False: the name was used before)."""
        params = {"stateMachineArn": self.machine_arn, "name": name, "input": json.dumps(given)}
        return self._call("start_execution", {"ExecutionAlreadyExists"}, **params) is not None

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        """Answer the task that waits with the token; False when none does any more."""
        return self._call("send_task_success", _STALE, taskToken=token, output=json.dumps(output)) is not None

    def heartbeat(self, token: str) -> bool:
        """Give the task that waits with the token a heartbeat; False when none waits any more."""
        return self._call("send_task_heartbeat", _STALE, taskToken=token) is not None

    def describe(self, name: str) -> Execution | None:
        """Return the state of an execution; None when there never was one of the name (or long ago)."""
        arn = f"{self.machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        found = self._call("describe_execution", {"ExecutionDoesNotExist"}, executionArn=arn)
        return Execution(found["status"], found.get("error")) if found else None

    def _call(self, operation: str, harmless: frozenset[str] | set[str], **params: Any) -> Any:
        try:
            return retry.call(lambda: getattr(self.client, operation)(**params), self.deadline, _is_retryable)
        except ApiError as error:
            if error.code in harmless:
                return None
            raise


def _is_retryable(error: ApiError) -> bool:
    return error.code in _RETRYABLE
