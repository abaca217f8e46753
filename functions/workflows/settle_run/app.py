"""A step of task_run: a step before it failed or took too long."""

from typing import Any

from switchyard.pipeline import workflow
from switchyard.pipeline.consumer import Event, Invocation, consumer


@consumer("workflows.settle_run")
def handler(invocation: Invocation, event: Event) -> dict[str, Any]:
    """End the run, unless it has recovered; answer with its state."""
    invocation.concerns(event["run_id"])
    return workflow.end(invocation.table, event, invocation.request_id)
