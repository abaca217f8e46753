"""A step of task_run: the run is under way."""

from switchyard.pipeline import workflow
from switchyard.pipeline.consumer import Event, Invocation, consumer


@consumer("workflows.watch_run")
def handler(invocation: Invocation, event: Event) -> None:
    """Wait for the run's end."""
    invocation.concerns(event["run_id"])
    workflow.watch(invocation.table, event, invocation.request_id)
