"""What stands in CloudFormation: outputs, the release that is deployed, and bringing a former one back."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.steps import StepFailed
from release.settings import Settings

#: The status of a stack that has nothing but a change set which nobody carried out: to CloudFormation, it is created
#: by the next one. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
EMPTY = "REVIEW_IN_PROGRESS"
#: A stack whose first deployment failed is deleted, and made anew.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
NEVER_STOOD = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
POLL_SECONDS = 2.0
#: Longer than the slowest update: an index of a large table is built for as long as it takes.
SECONDS_MAX = 3_600


@dataclass(frozen=True)
class Release:
    """A release as it is deployed: its template and its parameters. `changed` is when it came to be."""

    template: str
    parameters: dict[str, str]
    changed: str


def status(settings: Settings) -> str | None:
    """The status of the environment's stack; None when there is none."""
    found = described(settings)
    return str(found["StackStatus"]) if found else None


def is_new(settings: Settings) -> bool:
    """Tell whether the environment's stack is still to be created."""
    return status(settings) in (None, EMPTY)


def described(settings: Settings) -> Any:
    """The environment's stack as CloudFormation describes it; None when there is none."""
    try:
        return settings.client("cloudformation").describe_stacks(StackName=settings.stack_name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise


def parameters(settings: Settings) -> dict[str, str]:
    """The parameters of the environment's stack; none when there is none."""
    return _parameters(described(settings) or {})


def _parameters(stack: Any) -> dict[str, str]:
    return {each["ParameterKey"]: each.get("ParameterValue", "") for each in stack.get("Parameters", ())}


def current(settings: Settings) -> Release | None:
    """The release that is deployed; None when there is none."""
    stack = described(settings)
    if stack is None or stack["StackStatus"] == EMPTY:
        return None
    client = settings.client("cloudformation")
    template = client.get_template(StackName=settings.stack_name, TemplateStage="Original")["TemplateBody"]
    text = template if isinstance(template, str) else json.dumps(template)
    return Release(text, _parameters(stack), str(stack.get("LastUpdatedTime") or stack["CreationTime"]))


def outputs(settings: Settings) -> dict[str, str]:
    """The stack's outputs. `ApiUrl` of an emulated stack is where it serves."""
    found = settings.client("cloudformation").describe_stacks(StackName=settings.stack_name)["Stacks"][0]
    values = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}
    if settings.is_emulated:
        values["ApiUrl"] = os.environ["SWITCHYARD_URL"]
    return values


def bring_back(settings: Settings, former: Release, bucket: str) -> None:
    """Deploy a former release again: its template as it was, its parameters as they were. Raises StepFailed."""
    client, key = settings.client("cloudformation"), f"{settings.stack_name}/former.template"
    suffix = "amazonaws.com.cn" if settings.region.startswith("cn-") else "amazonaws.com"
    # A template in the call itself has at most 51,200 bytes.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    settings.client("s3").put_object(Bucket=bucket, Key=key, Body=former.template.encode())
    # A value that is not shown (NoEcho) comes back as asterisks; the stack still has it.
    parameters = [
        {"ParameterKey": name, "UsePreviousValue": True}
        if set(value) == {"*"}
        else {"ParameterKey": name, "ParameterValue": value}
        for name, value in former.parameters.items()
    ]
    client.update_stack(
        StackName=settings.stack_name,
        TemplateURL=f"https://s3.{settings.region}.{suffix}/{bucket}/{key}",
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    ended = wait(settings)
    if ended != "UPDATE_COMPLETE":
        raise StepFailed(f"the former release could not be brought back: {ended}", hint=first_failure(settings))


def wait(settings: Settings, meanwhile: Callable[[], None] = lambda: None) -> str:
    """Wait until nothing works on the stack; its status, DELETE_COMPLETE when it is gone. Raises StepFailed.

    `meanwhile` is done each time that something still does.
    """
    client, deadline = settings.client("cloudformation"), time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            status = str(client.describe_stacks(StackName=settings.stack_name)["Stacks"][0]["StackStatus"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return "DELETE_COMPLETE"
            raise
        if not status.endswith("_IN_PROGRESS"):
            return status
        meanwhile()
        time.sleep(POLL_SECONDS)
    raise StepFailed(f"the stack {settings.stack_name} is still being changed after {SECONDS_MAX} s")


def first_failure(settings: Settings) -> str:
    """Why the latest change of the stack failed, in one line."""
    events: list[dict[str, Any]] = []
    for page in (
        settings.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=settings.stack_name)
    ):
        events += page["StackEvents"]
        if any(_begins(each, settings) for each in page["StackEvents"]):
            break
    latest = events[: next((at for at, each in enumerate(events) if _begins(each, settings)), len(events))]
    for each in reversed(latest):
        why = each.get("ResourceStatusReason", "")
        if each["ResourceStatus"].endswith("_FAILED") and "cancelled" not in why:
            return f"{each['LogicalResourceId']}: {why}"
    return "see the events of the stack"


def _begins(event: dict[str, Any], settings: Settings) -> bool:
    starts = event["ResourceStatus"] in ("UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
    return starts and event["LogicalResourceId"] == settings.stack_name
