"""The queue of deliveries: one attempt for a message."""

from functools import cache
from typing import Any

from switchyard.aws.queues import Queue
from switchyard.pipeline import webhooks
from switchyard.store.table import Table


@cache
def _table() -> Table:
    return Table.from_environment()


@cache
def _queue() -> Queue:
    return Queue.deliveries()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Attempt the delivery of a message; one that failed stays in the queue until the next attempt."""
    table = _table()
    table.give(context.get_remaining_time_in_millis())
    left = [each["messageId"] for each in event["Records"] if not webhooks.deliver(table, _queue(), each)]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in left]}
