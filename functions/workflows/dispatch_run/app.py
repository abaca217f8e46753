"""A step of task_run: the run is offered to agents."""

from switchyard.pipeline import workflow
from switchyard.pipeline.consumer import Event, Invocation, consumer


@consumer("workflows.dispatch_run")
def handler(invocation: Invocation, event: Event) -> None:
    """Offer the run; the step waits until an agent picks it up, or the run ends."""
    invocation.concerns(event["run_id"])
    workflow.dispatch(invocation.table, event, invocation.request_id)
