"""Taking an installation down: what goes, what stays, and why."""

from __future__ import annotations

from collections.abc import Callable

from local.steps import StepFailed, step
from release import preflight, stacks
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
    status = preflight.stack_status(settings)
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
    settings.client("cloudformation").delete_stack(StackName=settings.stack_name)
    with step("deleting"):
        ended = stacks.wait(settings)
    if ended != "DELETE_COMPLETE":
        raise StepFailed(f"not deleted: {ended}", hint=stacks.first_failure(settings))
    print("To delete what stays too: docs/deploying.md#taking-it-down")
