"""What each function calls, noted while tests run, and compared with what its role allows: `make rights`.

Notes are written when RECORD_CALLS names a folder. Calls of DynamoDB and S3 are noted: tests make those for real.
Who may send to a queue, a bus or a workflow is shown on the local stack, which enforces roles.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from switchyard.aws import sdk
from switchyard.aws.transport.client import Client
from switchyard.http.exchange import Exchange
from switchyard.http.operation import function_of
from switchyard.pipeline import consumer

FOLDER = os.environ.get("RECORD_CALLS")
_at_work: list[str] = []
#: Action and, for a query, the index ("" for the table), by function.
noted: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)

#: Actions of the operations that are not called like them.
_ACTIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_S3 = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket"}


def actions_of(operation: str, params: Any) -> Iterator[tuple[str, str]]:
    """Return the IAM actions that a call of DynamoDB needs."""
    if operation == "TransactWriteItems":
        for each in params["TransactItems"]:
            (kind,) = each
            yield f"dynamodb:{_ACTIONS[kind]}", ""
    elif operation == "BatchWriteItem":
        yield "dynamodb:BatchWriteItem", ""
    else:
        yield f"dynamodb:{operation}", params.get("IndexName", "")


def install() -> None:
    """Note calls from now on."""
    respond, made, recorded = Exchange.respond, consumer.Invocation.__init__, consumer._record
    call, sdk_call = Client.call, sdk.SdkClient.__getattr__

    def responding(self: Any) -> Any:
        _at_work.append(function_of(self.operation.name))
        try:
            return respond(self)
        finally:
            _at_work.clear()

    def invoked(self: Any, name: str, *given: Any, **named: Any) -> None:
        _at_work[:] = [function_of(name)]
        made(self, name, *given, **named)

    def over(*given: Any) -> None:
        recorded(*given)
        _at_work.clear()

    def calling(self: Any, operation: str, params: Any) -> Any:
        function = _at_work[-1] if _at_work else None
        if function and self._target.startswith("DynamoDB"):
            noted[function].update(actions_of(operation, params))
        return call(self, operation, params)

    def getting(self: Any, name: str) -> Any:
        function = _at_work[-1] if _at_work else None
        if function and self._client.meta.service_model.service_name == "s3":
            operation = "".join(part.capitalize() for part in name.split("_"))
            noted[function].add((f"s3:{_S3.get(operation, operation)}", ""))
        return sdk_call(self, name)

    Exchange.respond = responding  # type: ignore[method-assign]
    consumer.Invocation.__init__ = invoked  # type: ignore[method-assign]
    consumer._record = over  # type: ignore[assignment]
    Client.call = calling  # type: ignore[method-assign]
    sdk.SdkClient.__getattr__ = getting  # type: ignore[method-assign]


def write(folder: str) -> None:
    """Write what was noted in this process."""
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    found = {name: sorted(map(list, calls)) for name, calls in noted.items()}
    (path / f"{os.getpid()}.json").write_text(json.dumps(found), encoding="utf-8")


# ---------------------------------------------------------------- comparing


def granted(function: dict[str, Any]) -> set[tuple[str, str]]:
    """Return what a role allows on the table: the action and the index ("" for the table, * for any)."""
    found = set()
    for policy in function.get("Policies", ()):
        for statement in policy["Statement"]:
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            for resource in resources:
                index = re.search(r"/index/(\S+)$", str(resource.get("Sub", "")))
                found |= {(each, index[1] if index else "") for each in actions if each.startswith("dynamodb:")}
    return found


def compare(functions: dict[str, Any], calls: dict[str, set[tuple[str, str]]]) -> list[str]:
    """Return what is wrong, a line each: rights that a function lacks, and such that nothing used."""
    wrong = []
    for name, function in sorted(functions.items()):
        allowed = granted(function)
        used = {each for each in calls.get(name, set()) if each[0].startswith("dynamodb:")}
        missing = {each for each in used if each not in allowed and (each[0], "*") not in allowed}
        idle = {
            (action, index)
            for action, index in allowed
            if not any(action == each and (index == where or (index == "*" and where)) for each, where in used)
        }
        wrong += [f"{name}: lacks {action} {index}".rstrip() for action, index in sorted(missing)]
        wrong += [f"{name}: nothing used {action} {index}".rstrip() for action, index in sorted(idle)]
    return wrong


def main(folder: str) -> int:
    """Compare all notes of a folder with the template; 1 when something is wrong."""
    from tests.support.template import resources

    calls: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for path in Path(folder).glob("*.json"):
        for name, found in json.loads(path.read_text(encoding="utf-8")).items():
            calls[name] |= {(action, index) for action, index in found}
    wrong = compare(resources("AWS::Serverless::Function"), calls)
    print("\n".join(wrong) or "each function uses what its role allows on the table, and no more")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
