"""The log group: what each tenant uses, and who is held back."""

from switchyard.pipeline import usage
from switchyard.pipeline.consumer import Event, Invocation, consumer


@consumer("pipeline.count_usage")
def handler(invocation: Invocation, event: Event) -> None:
    """Count a batch of log lines."""
    invocation.counts["tenants"] = usage.count(invocation.table, event)
