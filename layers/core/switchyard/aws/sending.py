"""Sending much in few requests: what EventBridge's and SQS's batch calls have in common.

Both take ten entries a request and a number of bytes over all of them, answer for each entry, and may also
refuse a request as a whole. An entry that is refused must not keep the others from going out.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from switchyard.aws.errors import ApiError, Unreachable
from switchyard.aws.retry import RESERVE, pauses, within

#: Entries of one PutEvents or SendMessageBatch (both API references say so).
ENTRIES_MAX = 10
_FIRST_PAUSE = 0.05
_TRIES = 4
#: Codes that say that what was sent is at fault: it would be refused again.
_FINAL = frozenset(
    {
        "BatchRequestTooLong",
        "InvalidArgument",
        "InvalidMessageContents",
        "InvalidParameterValue",
        "MalformedDetail",
        "SerializationException",
        "ValidationException",
    }
)

Outcome = list[Exception | None]


class NotTaken(Exception):
    """The service refused one entry of a request; `code` is its own word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


def is_refused(error: BaseException) -> bool:
    """Return whether a service refused what it was sent, so that it would refuse the same again."""
    code = error.code if isinstance(error, (NotTaken, ApiError)) else ""
    return code.rpartition(".")[2] in _FINAL


def send_all[T](
    entries: Sequence[T],
    size: Callable[[T], int],
    bytes_max: int,
    post: Callable[[Sequence[T]], Outcome],
    deadline: float,
) -> Outcome:
    """Send all entries, packed by number and bytes; returns for each what it finally failed with, or None.

    `post` makes one request and returns the outcome for each of its entries. Temporary failures are retried, four
    attempts in all. Each request ends before the deadline (a time.monotonic() value); if that has passed already, each
    is sent once. A request that is refused as a whole is halved until the faulty entry is alone.
    """
    outcome: Outcome = [None] * len(entries)
    for positions in _packed([size(entry) for entry in entries], bytes_max):
        left = positions
        for attempt, pause in zip(range(1, _TRIES + 1), pauses(_FIRST_PAUSE), strict=False):
            with within(deadline):
                found = _halving([entries[position] for position in left], post)
            for position, error in zip(left, found, strict=True):
                outcome[position] = error
            left = [each for each in left if (error := outcome[each]) is not None and not is_refused(error)]
            if not left or attempt == _TRIES or time.monotonic() + pause > deadline - RESERVE:
                break
            time.sleep(pause)
    return outcome


def _halving[T](entries: Sequence[T], post: Callable[[Sequence[T]], Outcome]) -> Outcome:
    try:
        return post(entries)
    except (ApiError, Unreachable) as error:
        if len(entries) == 1 or not is_refused(error):
            return [error] * len(entries)
    middle = len(entries) // 2
    return _halving(entries[:middle], post) + _halving(entries[middle:], post)


def _packed(sizes: Sequence[int], bytes_max: int) -> Iterator[list[int]]:
    """Yield the positions of each request; an entry that is too large for any is sent alone."""
    batch: list[int] = []
    size = 0
    for position, own in enumerate(sizes):
        if batch and (len(batch) == ENTRIES_MAX or size + own > bytes_max):
            yield batch
            batch, size = [], 0
        batch.append(position)
        size += own
    if batch:
        yield batch
