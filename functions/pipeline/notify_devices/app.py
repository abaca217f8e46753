"""The queue of notices: decide whom to ring for a run's change, and ring."""

from functools import cache
from typing import Any

from switchyard.aws.queues import Queue
from switchyard.pipeline import notifications, push_services
from switchyard.pipeline.push_services import PushService
from switchyard.store.table import Table


@cache
def _table() -> Table:
    return Table.from_environment()


@cache
def _queue() -> Queue:
    return Queue.notices()


@cache
def _service() -> PushService | None:
    return push_services.from_environment()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Carry out a message; one with a device that is still to be told stays in the queue until the next attempt."""
    table = _table()
    table.give(context.get_remaining_time_in_millis())
    left = [
        each["messageId"] for each in event["Records"] if not notifications.handle(table, _queue(), _service(), each)
    ]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in left]}
