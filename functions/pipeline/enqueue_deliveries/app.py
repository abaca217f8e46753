"""The table's stream: what is to be delivered goes to the queue."""

from functools import cache
from typing import Any

from switchyard.events import webhooks
from switchyard.events.webhooks import Queue


@cache
def _queue() -> Queue:
    return Queue.from_environment()


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Send a message for each delivery that is due; answer with the records to deliver again."""
    failed = webhooks.enqueue(event["Records"], _queue())
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
