"""The queue of deliveries: one attempt for a message."""

from switchyard.aws.queues import Message
from switchyard.pipeline import batches, webhooks
from switchyard.pipeline.consumer import Invocation, consumer


@consumer("pipeline.deliver_webhook", batches.queue)
def handler(invocation: Invocation, message: Message) -> bool:
    """Attempt the delivery of a message; one that failed stays in the queue until the next attempt."""
    return webhooks.deliver(invocation.table, invocation.queue("deliveries"), message)
