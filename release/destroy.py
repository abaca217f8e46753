"""Taking an installation down: what goes, what stays, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from local.steps import StepFailed, step
from release import stacks
from release.settings import Settings


def kept(settings: Settings) -> list[str]:
    """What a deleted stack leaves, one line each."""
    found = stacks.outputs(settings)
    lines = []
    if "TableName" in found:
        lines.append(f"table {found['TableName']}: every tenant's rows; it is protected from deletion")
    if "ArtifactsBucket" in found:
        lines.append(f"bucket {found['ArtifactsBucket']}: files of runs, in all versions")
    return [
        *lines,
        "bucket of the stack aws-sam-cli-managed-default: what releases uploaded; other installations may use it",
    ]


def destroy(settings: Settings, confirm: Callable[[str], str] = input) -> None:
    """Delete the environment's stack, after its name was typed. Raises StepFailed."""
    status = stacks.status(settings)
    if status is None:
        raise StepFailed(f"there is no stack {settings.stack_name} in {settings.region}", hint="nothing to do")
    lines = kept(settings)
    print(
        f"Goes: the API at {stacks.outputs(settings).get('ApiUrl', 'its address')}, functions, queues with what is in "
        "them, logs, alarms, workflows under way."
    )
    print("Stays, as nobody gets it back:")
    for each in lines:
        print(f"  {each}")
    if confirm(f"Type {settings.stack_name} to delete it: ").strip() != settings.stack_name:
        raise StepFailed("nothing was deleted")
    machines = _machines(settings)
    with step("deleting"):
        _stop_workflows(settings, machines)
        settings.client("cloudformation").delete_stack(StackName=settings.stack_name)
        ended = stacks.wait(settings, lambda: _stop_workflows(settings, machines))
    if ended != "DELETE_COMPLETE":
        raise StepFailed(f"not deleted: {ended}", hint=stacks.first_failure(settings))
    print("To delete what stays too: docs/deploying.md#taking-it-down")


def _machines(settings: Settings) -> list[str]:
    """The ARNs of the stack's state machines."""
    pages = settings.client("cloudformation").get_paginator("list_stack_resources")
    found: list[dict[str, Any]] = [
        each for page in pages.paginate(StackName=settings.stack_name) for each in page["StackResourceSummaries"]
    ]
    kind = "AWS::StepFunctions::StateMachine"
    return [
        each["PhysicalResourceId"] for each in found if each["ResourceType"] == kind and "PhysicalResourceId" in each
    ]


def _stop_workflows(settings: Settings, machines: list[str]) -> None:
    """Stop what runs: a machine is deleted once its executions have ended, and one that waits for an agent waits on.

    Again and again, as the reconciler starts anew what was stopped, until it is deleted too.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    https://repost.aws/knowledge-center/step-functions-stuck-deleting-status
    """
    client = settings.client("stepfunctions")
    for machine in machines:
        try:
            pages = client.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
            for execution in [each["executionArn"] for page in pages for each in page["executions"]]:
                client.stop_execution(executionArn=execution, cause="the installation is taken down")
        except ClientError as error:
            # Deleted by now, or ended between the list and the stop.
            if error.response["Error"]["Code"] not in ("StateMachineDoesNotExist", "ExecutionDoesNotExist"):
                raise
