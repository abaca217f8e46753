"""From the table's stream to the queues: what a record means to a queue goes there as a message."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from switchyard.aws.queues import Queue

Record = Mapping[str, Any]
#: The message of a stream's record (its `dynamodb` part), or None for a record that means nothing to the queue.
Due = Callable[[Record], str | None]


def enqueue(records: Sequence[Record], due: Due, queue: Queue) -> list[str]:
    """Send the message of each record that is due; returns the sequence numbers of the records that failed."""
    found = [(each["dynamodb"]["SequenceNumber"], body) for each in records if (body := due(each["dynamodb"]))]
    failed = []
    for start in range(0, len(found), 10):
        chunk = found[start : start + 10]
        failed += [chunk[position][0] for position in queue.send([body for _, body in chunk])]
    return failed
