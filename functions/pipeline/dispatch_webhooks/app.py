"""The bus: one delivery for each endpoint that wants the event."""

from switchyard.pipeline import webhooks
from switchyard.pipeline.consumer import Event, Invocation, consumer
from switchyard.surfaces.pool.payloads import payload


@consumer("pipeline.dispatch_webhooks")
def handler(invocation: Invocation, event: Event) -> None:
    """Plan the deliveries of one domain event."""
    invocation.concerns(webhooks.correlation_of(event["detail"]))
    webhooks.dispatch(invocation.table, event, payload)
