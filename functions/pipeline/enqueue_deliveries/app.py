"""The table's stream: what endpoints and people are to be told goes to the queues."""

from functools import cache
from typing import Any

from switchyard.events import notices, webhooks
from switchyard.events.queues import Queue, enqueue


@cache
def _queues() -> tuple[Queue, Queue]:
    return Queue.deliveries(), Queue.notices()


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Send a message for each delivery and each notice that is due; answer with the records to deliver again."""
    deliveries, pushes = _queues()
    records = event["Records"]
    failed = [*enqueue(records, webhooks.due, deliveries), *enqueue(records, notices.due, pushes)]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
