"""A schedule: runs and goal runs whose execution is gone are mended."""

from switchyard.pipeline.consumer import Event, Invocation, consumer
from switchyard.pipeline.reconciler import reconcile


@consumer("workflows.reconcile_runs")
def handler(invocation: Invocation, event: Event) -> dict[str, int]:
    """Check the active runs and goal runs that are older than `age` seconds; answer with what was done."""
    executions = invocation.executions
    return reconcile(invocation.table, executions("runs"), executions("goal_runs"), event["age"], invocation.request_id)
