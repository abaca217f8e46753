"""The queue of notifications: decide which devices to notify of a run's change, and notify them."""

from switchyard.aws.queues import Message
from switchyard.pipeline import batches, notifications, push_services
from switchyard.pipeline.consumer import Invocation, consumer


@consumer("pipeline.notify_devices", batches.queue)
def handler(invocation: Invocation, message: Message) -> bool:
    """Process a message; one with a pending device stays in the queue until the next attempt."""
    queue = invocation.queue("notifications")
    return notifications.handle(invocation.table, queue, push_services.shared(), message)
