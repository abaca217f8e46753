"""What each function calls, noted while tests/api runs, and compared with what its role allows.

The comparison is part of that ring: tests/api/conftest.py makes it at the end of a whole run. Calls of DynamoDB are
compared by action and index, those of other services by action. Which queue, bus or machine a role names is shown on
the local stack, which enforces roles.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache, wraps
from pathlib import Path
from types import FrameType
from typing import Any

from switchyard.aws import bus, executions, functions, mailer, mobile_push, objects, queues, scheduler
from switchyard.aws.transport.client import Client
from switchyard.http.exchange import Exchange
from switchyard.http.operation import function_of
from switchyard.pipeline import (
    consumer,
    files,
    goal_rounds,
    notifications,
    push_services,
    reconciler,
    webhooks,
    workflow,
)
from switchyard.store import table
from switchyard.surfaces.planning import import_apply, import_end, import_sort
from switchyard.surfaces.sessions import provider
from tests.support.stream import Letters
from tests.support.template import ROOT, polled

_at_work: list[str] = []
#: An endpoint or a consumer that only a test has, as the guide's: it has no role.
_NOBODY = ""
_TESTS, _FUNCTIONS = str(ROOT / "tests"), ROOT / "functions"
#: What alone calls a client in a function: whatever lies between it and the client passes its call on.
_ADAPTERS = frozenset(
    str(each.__file__)
    for each in (table, bus, executions, functions, mailer, mobile_push, objects, provider, queues, scheduler)
)
#: Action and, of DynamoDB, the index ("" for the table), by function.
Calls = defaultdict[str, set[tuple[str, str]]]
noted: Calls = defaultdict(set)

#: Actions of the operations that are not called like them.
_ACTIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_S3 = {
    "head_object": ["GetObject"],
    "list_objects_v2": ["ListBucket"],
    "create_multipart_upload": ["PutObject"],
    "upload_part": ["PutObject"],
    "complete_multipart_upload": ["PutObject"],
    "generate_presigned_post": ["PutObject"],
}
#: Calls that hand a role on, which needs a right of its own.
#: https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
_PASSING_A_ROLE = {"create_schedule", "update_schedule"}
_OF_VERSIONS = {"GetObject": "GetObjectVersion", "PutObjectTagging": "PutObjectVersionTagging"}
#: What Lambda does with a function's role by itself: reading a queue, and sending what the function failed with.
#: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
#: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
_POLLS = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
_SENDS, _DEAD_LETTERS = {"sqs:SendMessage"}, {"GetAtt": "PipelineDeadLetters.Arn"}
#: Which S3 itself asks about before it says that a key does not exist, instead of that it is forbidden.
#: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html#API_HeadObject_RequestSyntax
_IMPLIED = {"s3:ListBucket"}
#: What handlers consist of and tests call by itself: it counts as the handler's.
_CORES: tuple[tuple[str, Any, str], ...] = (
    ("PipelineDeliverWebhook", webhooks, "deliver"),
    ("PipelineNotifyDevices", notifications, "handle"),
    ("PipelineNotifyDevices", push_services.Sns, "send"),
    ("PipelineRetagArtifacts", files, "keep"),
    ("ServiceAnswerUnmatched", functions.Functions, "call"),
    ("WorkflowsAdvanceGoal", goal_rounds, "advance"),
    ("WorkflowsApplyImport", import_apply, "carry_on"),
    ("WorkflowsDispatchRun", workflow, "dispatch"),
    ("WorkflowsEndImport", import_end, "end"),
    ("WorkflowsReconcileRuns", reconciler, "reconcile"),
    ("WorkflowsSettleRun", workflow, "end"),
    ("WorkflowsSortImport", import_sort, "sort"),
    ("WorkflowsWatchRun", workflow, "watch"),
)


def actions_of(operation: str, params: Any) -> Iterator[tuple[str, str]]:
    """Return the IAM actions that a call of DynamoDB needs."""
    if operation == "TransactWriteItems":
        for each in params.get("TransactItems", ()):
            (kind,) = each
            yield f"dynamodb:{_ACTIONS[kind]}", ""
    elif operation == "BatchWriteItem":
        yield "dynamodb:BatchWriteItem", ""
    else:
        yield f"dynamodb:{operation}", params.get("IndexName", "")


def s3_actions_of(name: str, given: tuple[Any, ...], params: Mapping[str, Any]) -> Iterator[str]:
    """Return the IAM actions that a call of S3 needs, or one that an address is signed for."""
    if name == "generate_presigned_url":
        yield from s3_actions_of(given[0], (), params.get("Params", {}))
        return
    fields = params.get("Fields") or {}
    for action in _S3.get(name, [_camel(name)]):
        # A call that names a version needs the right to versions; one that does not, the other.
        yield f"s3:{_OF_VERSIONS.get(action, action) if params.get('VersionId') else action}"
    if (params.get("Tagging") and name != "put_object_tagging") or "tagging" in fields:
        yield "s3:PutObjectTagging"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _note_stand_ins() -> None:
    """Note what is asked of tests' stand-ins for whole adapters."""
    # Imported once the cores count, as it takes some of them by name.
    from tests.support.goal_workflow import Machine

    for stand_in, name, action in (
        (Letters, "send", "sqs:SendMessage"),
        (Machine, "start", "states:StartExecution"),
        (Machine, "succeed", "states:SendTaskSuccess"),
        (Machine, "describe", "states:DescribeExecution"),
    ):
        setattr(stand_in, name, _noted(action, getattr(stand_in, name)))


def _noted(action: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(work)
    def noting(*given: Any, **named: Any) -> Any:
        _note((action, ""), of=sys._getframe(1))
        return work(*given, **named)

    return noting


@cache
def _function(operation: str) -> str:
    return function_of(operation) if (_FUNCTIONS / operation.replace(".", "/")).is_dir() else _NOBODY


def _as(function: str, work: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Do some work as a function."""
    _at_work.append(function)
    try:
        return work(*given, **named)
    finally:
        _at_work.pop()


def _note(*actions: tuple[str, str], of: FrameType | None = None, asked: str = "") -> None:
    """Note what a function calls. `of` is where a stand-in was called from, which no adapter calls.

    `asked` is the operation of DynamoDB.
    """
    if _at_work and _at_work[-1] != _NOBODY and _is_the_functions(of or _adapter(sys._getframe(1), asked)):
        noted[_at_work[-1]].update(actions)


def _adapter(frame: FrameType | None, asked: str) -> FrameType | None:
    """Return where the adapter calls; None where what lies between it and the client calls something of its own."""
    while frame and frame.f_code.co_filename not in _ADAPTERS:
        frame = frame.f_back
    return None if frame and asked and _camel(frame.f_locals.get("operation", "")) != asked else frame


def _is_the_functions(frame: FrameType | None) -> bool:
    """Return whether a call comes from the function at work.

    It does not when it is a test that calls, while the function waits for something or between two calls of its own.
    A thread of the function ends before the place where the function begins.
    """
    if frame is None:
        return False
    while frame:
        code = frame.f_code
        if code is _as.__code__ or (code.co_filename == consumer.__file__ and code.co_name == "run"):
            return True
        if code.co_filename.startswith(_TESTS):
            return False
        frame = frame.f_back
    return True


class _Noting:
    """A client whose calls are noted."""

    def __init__(self, service: str, client: Any) -> None:
        self._service, self._client = service, client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name.startswith("_") or not callable(found):
            return found

        def call(*given: Any, **params: Any) -> Any:
            if self._service == "s3":
                _note(*((action, "") for action in s3_actions_of(name, given, params)))
            else:
                # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html: no action
                # of its own for a batch; and Lambda's action for Invoke has another name than the operation.
                action = {"invoke": "InvokeFunction", "send_message_batch": "SendMessage"}.get(name, _camel(name))
                passed = [("iam:PassRole", "")] if name in _PASSING_A_ROLE else []
                _note((f"{self._service}:{action}", ""), *passed)
            return found(*given, **params)

        return call


def install() -> None:
    """Note calls from now on."""
    respond, made, recorded, call = Exchange.respond, consumer.Invocation.__init__, consumer._record, Client.call

    def responding(self: Any) -> Any:
        return _as(_function(self.operation.name), respond, self)

    def invoked(self: Any, name: str, *given: Any, **named: Any) -> None:
        _at_work.append(_function(name))
        made(self, name, *given, **named)

    def over(*given: Any) -> None:
        recorded(*given)
        _at_work.pop()

    def calling(self: Any, operation: str, params: Any) -> Any:
        if self._target.startswith("DynamoDB"):
            _note(*actions_of(operation, params), asked=operation)
        return call(self, operation, params)

    Exchange.respond = responding  # type: ignore[method-assign]
    consumer.Invocation.__init__ = invoked  # type: ignore[method-assign]
    consumer._record = over  # type: ignore[assignment]
    Client.call = calling  # type: ignore[method-assign]
    for service, adapter, attribute in (
        ("s3", objects.ObjectStore, "client"),
        ("sqs", queues.Queue, "client"),
        ("events", bus.Bus, "client"),
        ("states", executions.Executions, "client"),
        ("sns", mobile_push.MobilePush, "client"),
        ("ses", mailer.Mailer, "client"),
        ("scheduler", scheduler.Scheduler, "client"),
        ("lambda", functions.Functions, "_client"),
    ):
        _wrap(service, adapter, attribute)
    make = provider.make_client
    provider.make_client = lambda service: _Noting(service, make(service))
    for function, where, name in _CORES:
        setattr(where, name, _counted(function, getattr(where, name)))
    _note_stand_ins()


def _counted(function: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(work)
    def counted(*given: Any, **named: Any) -> Any:
        return _as(function, work, *given, **named)

    return counted


def _wrap(service: str, adapter: Any, attribute: str) -> None:
    """Have the client of each new adapter noted."""
    init = adapter.__init__

    def begin(self: Any, *given: Any, **named: Any) -> None:
        init(self, *given, **named)
        client = getattr(self, attribute)
        if not isinstance(client, _Noting):
            setattr(self, attribute, _Noting(service, client))

    adapter.__init__ = begin


def write(folder: Path) -> None:
    """Write what was noted in this process."""
    found = {name: sorted(map(list, calls)) for name, calls in noted.items()}
    (folder / f"{os.getpid()}.json").write_text(json.dumps(found), encoding="utf-8")


def read(folder: Path) -> Calls:
    """Return what all processes noted."""
    calls: Calls = defaultdict(set)
    for path in folder.glob("*.json"):
        for name, found in json.loads(path.read_text(encoding="utf-8")).items():
            calls[name] |= {(action, index) for action, index in found}
    return calls


# ---------------------------------------------------------------- comparing


def granted(function: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return what a role allows: the action and, of DynamoDB, the index ("" for the table, * for any)."""
    found = set()
    for action, resource in _statements(function):
        index = re.search(r"/index/(\S+)$", str(resource.get("Sub", "")))
        found.add((action, index[1] if index else ""))
    return found


def used_by_lambda(name: str, function: Mapping[str, Any]) -> set[str]:
    """Return the actions that need no call of the function's own."""
    events = list(function.get("Events", {}).values())
    configured = [function.get("EventInvokeConfig", {}), *(each.get("Properties", {}) for each in events)]
    fails_over = any("OnFailure" in each.get("DestinationConfig", {}) for each in configured)
    others = [each for action, each in _statements(function) if action in _SENDS and each != _DEAD_LETTERS]
    return (_POLLS if name in polled() else set()) | (_SENDS if fails_over and not others else set()) | _IMPLIED


def _statements(function: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Return each action that a role allows with each of its resources."""
    for policy in function.get("Policies", ()):
        for statement in policy["Statement"]:
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            yield from ((action, each) for action in actions for each in resources)


def compare(
    functions: Mapping[str, Any], calls: Mapping[str, set[tuple[str, str]]], *, whole: bool = True
) -> list[str]:
    """Return what is wrong, a line each: rights that a function lacks, and after a whole run such that nothing used."""
    wrong = [f"{name}: no such function in the template" for name in sorted(calls.keys() - functions.keys())]
    for name, function in sorted(functions.items()):
        allowed, used = granted(function), calls.get(name, set())
        missing = {
            (action, index)
            for action, index in used
            if (action, index) not in allowed and not (index and (action, "*") in allowed)
        }
        idle = {
            (action, index)
            for action, index in allowed
            if whole
            and action not in used_by_lambda(name, function)
            and not any(action == each and (index == where or (index == "*" and where)) for each, where in used)
        }
        wrong += [f"{name}: lacks {action} {index}".rstrip() for action, index in sorted(missing)]
        wrong += [f"{name}: nothing used {action} {index}".rstrip() for action, index in sorted(idle)]
    return wrong
