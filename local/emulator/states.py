"""How Step Functions waits: for task tokens with heartbeats and time-outs, until an execution is stopped or times out.

MiniStack knows no heartbeats, no time-outs by path and none of a whole machine, gives every attempt of a task the
same token, waits on when an execution is stopped, takes a function that fails for one that waits, answers each
unknown token alike, and fails all executions in a restart. Here an execution that ran when the stack stopped begins
anew with its first state: steps that may be repeated continue from there.
"""

import contextvars
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import (
    _request_account_id,
    _request_region,
    error_response_json,
    json_response,
    new_uuid,
    now_iso,
)
from ministack.services import stepfunctions

CALLBACK = ".waitForTaskToken"
#: What AWS takes where a task names no time-out.
LONGEST_SECONDS = 99_999_999
CLOSED_TOKENS_KEPT = 100_000
#: After a start, so long until the functions' own requests are answered.
RESUME_SECONDS = 1.0

_original_task = stepfunctions._execute_task
_original_run = stepfunctions._run_execution
_original_fail = stepfunctions._fail_execution
_original_stop = stepfunctions._stop_execution
_original_load = stepfunctions.load_persisted_state
_original_resource = iam_actions.extract_resource_arn

_lock = threading.Lock()
_waiting: dict[str, "Waiting"] = {}
_closed: OrderedDict[str, str] = OrderedDict()


def install() -> None:
    """Put these in the place of MiniStack's own."""
    stepfunctions._execute_task = execute_task
    stepfunctions._run_execution = run_execution
    stepfunctions._fail_execution = fail_execution
    stepfunctions._stop_execution = stop_execution
    stepfunctions._send_task_success = send_success
    stepfunctions._send_task_failure = send_failure
    stepfunctions._send_task_heartbeat = send_heartbeat
    stepfunctions.load_persisted_state = load
    stepfunctions.get_state = state
    iam_actions.extract_resource_arn = resource_of


class Waiting:
    """A task that waits for its token to be answered."""

    def __init__(self, execution: dict[str, Any]) -> None:
        self.execution = execution
        self.heard = time.monotonic()
        self.done = threading.Event()
        self.output = ""
        self.error: tuple[str, str] | None = None

    def close(self, output: str = "", error: tuple[str, str] | None = None) -> None:
        """Set what the task came to."""
        self.output, self.error = output, error
        self.done.set()


# ---------------------------------------------------------------- tasks


def execute_task(state: dict, raw_input: Any, execution: dict, context: dict) -> tuple[Any, str | None]:
    """Run a task state; one that waits for a token gets a new token with each attempt."""
    jsonata = stepfunctions._state_query_language(state, context) == "JSONata"
    if jsonata or not state.get("Resource", "").endswith(CALLBACK):
        return _original_task(state, raw_input, execution, context)
    retries: dict[int, int] = {}
    while True:
        context["State"]["RetryCount"] = sum(retries.values())
        try:
            result = attempt(state, raw_input, execution, context)
        except stepfunctions._ExecutionError as error:
            stepfunctions._add_event(execution, "TaskFailed", {"taskFailedEventDetails": described(error)})
            if execution["status"] != "RUNNING":
                raise
            retrier, number = stepfunctions._find_matching_retrier(state.get("Retry", []), error.error, retries)
            if retrier:
                time.sleep(pause(retrier, retries.get(number, 0)))
                retries[number] = retries.get(number, 0) + 1
                if execution["status"] == "RUNNING":
                    continue
                raise
            catcher = stepfunctions._find_matching_catcher(state.get("Catch", []), error.error)
            if not catcher:
                raise
            failure = {"Error": error.error, "Cause": error.cause}
            return stepfunctions._apply_result_path_raw(catcher.get("ResultPath", "$"), raw_input, failure), catcher[
                "Next"
            ]
        stepfunctions._add_event(
            execution, "TaskSucceeded", {"taskSucceededEventDetails": {"output": json.dumps(result)}}
        )
        selected = stepfunctions._apply_result_selector(state, result)
        output = stepfunctions._apply_result_path(state, raw_input, selected)
        return stepfunctions._apply_output_path(state, output, context), stepfunctions._next_or_end(state)


def attempt(state: dict, raw_input: Any, execution: dict, context: dict) -> Any:
    """Make one attempt: give the token away, then wait for its answer."""
    token = new_uuid()
    context = {**context, "Task": {"Token": token}}
    effective = stepfunctions._apply_input_path(state, raw_input, context)
    limits = [
        seconds(state, "TimeoutSeconds", effective, context),
        seconds(state, "HeartbeatSeconds", effective, context),
    ]
    effective = stepfunctions._apply_parameters(state, effective, context)
    task = Waiting(execution)
    with _lock:
        _waiting[token] = task
    resource = state["Resource"].removesuffix(CALLBACK)
    details = {"taskScheduledEventDetails": {"resource": resource, "parameters": json.dumps(effective)}}
    stepfunctions._add_event(execution, "TaskScheduled", details)
    started = time.monotonic()
    try:
        stepfunctions._invoke_resource(resource, effective)
        wait(task, started, *limits)
    finally:
        with _lock:
            _waiting.pop(token, None)
            _closed[token] = execution["stateMachineArn"]
            while len(_closed) > CLOSED_TOKENS_KEPT:
                _closed.popitem(last=False)
    if task.error:
        raise stepfunctions._ExecutionError(*task.error)
    return json.loads(task.output)


def wait(task: Waiting, started: float, timeout: float | None, heartbeat: float | None) -> None:
    """Return when the token was answered; raise the error of a task that takes too long, or is silent too long."""
    deadline = started + (timeout or LONGEST_SECONDS)
    while True:
        silent = task.heard + heartbeat if heartbeat else deadline
        if task.done.wait(min(max(min(deadline, silent) - time.monotonic(), 0), threading.TIMEOUT_MAX)):
            return
        now = time.monotonic()
        if now >= deadline:
            raise stepfunctions._ExecutionError("States.Timeout", "")
        if heartbeat and now >= task.heard + heartbeat:
            raise stepfunctions._ExecutionError("States.HeartbeatTimeout", "")


def seconds(state: dict, field: str, effective: Any, context: dict) -> float | None:
    """The seconds that a state names, or the path to them."""
    if f"{field}Path" not in state:
        return state.get(field)
    found = stepfunctions._resolve_path_or_ctx(state[f"{field}Path"], effective, context)
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise stepfunctions._ExecutionError("States.Runtime", f"{field}Path gives {found!r}, not a positive integer")
    return found


def pause(retrier: Mapping[str, Any], retries: int) -> float:
    """The seconds before the next attempt."""
    wanted = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries
    return min(wanted, retrier.get("MaxDelaySeconds", wanted)) * stepfunctions._SFN_WAIT_SCALE


def described(error: Any) -> dict[str, str]:
    """An error as the history shows it."""
    return {"error": error.error, "cause": error.cause}


# ---------------------------------------------------------------- executions


def run_execution(arn: str) -> None:
    """Run an execution within the time that its machine gives it."""
    machine = stepfunctions._state_machines.get(stepfunctions._executions[arn]["stateMachineArn"])
    limit = json.loads(machine["definition"]).get("TimeoutSeconds") if machine else None
    timer = None
    if limit:
        timer = threading.Timer(limit, contextvars.copy_context().run, (time_out, arn))
        timer.daemon = True
        timer.start()
    try:
        _original_run(arn)
    finally:
        if timer:
            timer.cancel()


def time_out(arn: str) -> None:
    """End an execution whose time is over."""
    execution = stepfunctions._executions[arn]
    if execution["status"] == "RUNNING":
        execution |= {"status": "TIMED_OUT", "stopDate": now_iso(), "error": "States.Timeout", "cause": ""}
        stepfunctions._add_event(execution, "ExecutionTimedOut")
        close_all(execution)


def fail_execution(execution: dict, error: str, cause: str) -> None:
    """Mark an execution as failed, unless it has come to another end meanwhile."""
    if execution["status"] == "RUNNING":
        _original_fail(execution, error, cause)


def stop_execution(data: dict) -> tuple:
    """Stop an execution, and what it waits for with it."""
    answer = _original_stop(data)
    execution = stepfunctions._executions.get(data.get("executionArn"))
    if execution and execution["status"] == "ABORTED":
        close_all(execution)
    return answer


def close_all(execution: dict) -> None:
    """End the waits of an execution that is over."""
    with _lock:
        for task in _waiting.values():
            if task.execution is execution and not task.done.is_set():
                task.close(error=("States.Runtime", "the execution is over"))


# ---------------------------------------------------------------- answers to tokens


def send_success(data: dict) -> tuple:
    """Answer a token with an output."""
    output = data.get("output", "")
    try:
        json.loads(output)
    except ValueError:
        return error_response_json("InvalidOutput", "Invalid Output: 'output' is not JSON", 400)
    return answer_token(data, output=output)


def send_failure(data: dict) -> tuple:
    """Answer a token with an error."""
    return answer_token(data, error=(data.get("error", ""), data.get("cause", "")))


def send_heartbeat(data: dict) -> tuple:
    """Record a heartbeat."""
    return answer_token(data)


def answer_token(data: dict, **outcome: Any) -> tuple:
    """Hand an answer (None: a heartbeat) to the task that waits for it; the first answer counts."""
    token = data.get("taskToken")
    with _lock:
        task = _waiting.get(token)
        if task and not task.done.is_set():
            task.heard = time.monotonic()
            if outcome:
                task.close(**outcome)
            return json_response({})
        if task or token in _closed:
            return error_response_json("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400)
    return error_response_json("TaskDoesNotExist", "Task Does Not Exist: 'Provided task does not exist'", 400)


def resource_of(service: str, method: str, path: str, headers: dict, body: bytes, *rest: Any) -> str:
    """The resource that a permission must name: for a token, the machine whose task it is."""
    if service == "states" and (token := iam_actions._safe_json_field(body, "taskToken")):
        task = _waiting.get(token)
        return task.execution["stateMachineArn"] if task else _closed.get(token, "*")
    return _original_resource(service, method, path, headers, body, *rest)


# ---------------------------------------------------------------- saving


def state() -> dict:
    """What is saved, uncopied: copying every execution's history takes longer than writing it."""
    names = (
        "state_machines",
        "executions",
        "tags",
        "activities",
        "state_machine_versions",
        "state_machine_aliases",
        "map_runs",
    )
    return {name: getattr(stepfunctions, f"_{name}") for name in names}


def load(data: dict) -> None:
    """Load what was saved; executions that ran begin again."""
    running = [each for each in data["executions"].all_items() if each[1]["status"] == "RUNNING"] if data else []
    _original_load(data)
    for (account, region, arn), execution in running:
        execution |= {"status": "RUNNING", "stopDate": None}
        execution.pop("error", None)
        execution.pop("cause", None)
        timer = threading.Timer(RESUME_SECONDS, resume, (account, region, arn))
        timer.daemon = True
        timer.start()


def resume(account: str, region: str, arn: str) -> None:
    """Run an execution of an account from its beginning."""
    _request_account_id.set(account)
    _request_region.set(region)
    stepfunctions._run_execution(arn)
