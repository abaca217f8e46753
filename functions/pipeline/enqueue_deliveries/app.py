"""The table's stream: what endpoints, people and workflows are to be told goes to the queues."""

from functools import cache
from typing import Any

from switchyard.aws.queues import Queue
from switchyard.pipeline import notifications, signals, webhooks
from switchyard.pipeline.queueing import Due, enqueue


@cache
def _queues() -> list[tuple[Due, Queue]]:
    return [(webhooks.due, Queue.deliveries()), (notifications.due, Queue.notices()), (signals.due, Queue.signals())]


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Send a message for each delivery, notice and signal that is due; answer with the records to deliver again."""
    failed = [number for due, queue in _queues() for number in enqueue(event["Records"], due, queue)]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
