"""The queue of notifications: decide whom to ring for a run's change, and ring."""

from switchyard.aws.queues import Message
from switchyard.pipeline import batches, notifications, push_services
from switchyard.pipeline.consumer import Invocation, consumer


@consumer("pipeline.notify_devices", batches.queue)
def handler(invocation: Invocation, message: Message) -> bool:
    """Carry out a message; one with a device that is still to be told stays in the queue until the next attempt."""
    queue = invocation.queue("notifications")
    return notifications.handle(invocation.table, queue, push_services.shared(), message)
