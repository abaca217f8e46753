"""Events of many records: each is processed separately, so that one that fails does not affect the others.

A record of the stream that fails holds up its shard until it succeeds or is given up: Lambda delivers it again with all
that follow it ("Configuring partial batch response with DynamoDB and Lambda", Lambda developer guide). That is right
for what may pass. A record that would fail again goes to the dead letters at once, and the shard moves on.
A message of a queue holds up nobody: it is delivered again, and the queue moves it to its dead letters.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType

from switchyard.aws.queues import BYTES_MAX, Message
from switchyard.aws.sending import Outcome, is_refused
from switchyard.aws.telemetry import logger
from switchyard.pipeline.consumer import Event, Handler, Invocation, Unfinished, check_time
from switchyard.pipeline.records import correlation_id

Record = dict[str, Any]
_NO_ROW = {"sk": {"S": ""}}
#: What a handler raises when the record itself is at fault, or the code that reads it: again, it would fail again.
_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Later(Exception):
    """The handler wants the message again."""


class Sender(Protocol):
    """A bus, a queue, or what counts."""

    def send(self, entries: Sequence[Any], /) -> Outcome: ...


class Outbox:
    """What the records of a batch lead to, gathered to be sent in few requests after the last one."""

    def __init__(self) -> None:
        self.record = ""
        self._gathered: list[tuple[str, Sender, Any]] = []

    def put(self, to: Sender, entry: Any) -> None:
        """Gather one thing that follows from the record at hand."""
        self._gathered.append((self.record, to, entry))

    def send(self) -> list[tuple[str, Exception]]:
        """Send all; returns what failed, by the numbers of the records."""
        failed: list[tuple[str, Exception]] = []
        for to in dict.fromkeys(to for _, to, _ in self._gathered):
            mine = [(number, entry) for number, each, entry in self._gathered if each == to]
            outcome = to.send([entry for _, entry in mine])
            failed += [(number, error) for (number, _), error in zip(mine, outcome, strict=True) if error]
        return failed


def is_fault(error: BaseException) -> bool:
    """Return whether a record would fail again, as far as the error shows."""
    return isinstance(error, _FAULTS) or is_refused(error)


def stream(invocation: Invocation, handler: Handler, event: Event) -> Any:
    """Hand each record of a DynamoDB stream to the handler, with an outbox, and send what it put in there.

    Answers with the sequence numbers of the records to be delivered again; with those of bad ones too when the event
    was `redriven`: then their dead letters are there already (admin/letters.py).
    """
    outbox = Outbox()
    records: dict[str, Record] = {}
    errors: list[tuple[str, Exception]] = []

    def take(record: Any) -> None:
        check_time(invocation.deadline)
        raw: Record = record.raw_event
        outbox.record = raw["dynamodb"]["SequenceNumber"]
        records[outbox.record] = raw
        try:
            _note(invocation, correlation_id(raw["dynamodb"].get("NewImage") or _NO_ROW))
            handler(invocation, raw, outbox)
        except Exception as error:
            if not is_fault(error):
                raise
            errors.append((outbox.record, error))

    again = _process(invocation, EventType.DynamoDBStreams, event, take)
    errors += outbox.send()
    for number, error in errors:
        _log(invocation, number, error)
    again |= {number for number, error in errors if not is_fault(error)}
    dead = {number: error for number, error in errors if number not in again}
    if dead and event.get("redriven"):
        again |= dead.keys()
    elif dead:
        letters = [_letter(invocation, records[number], error) for number, error in dead.items()]
        outcome = invocation.queue("dead_letters").send(letters)
        again |= {number for number, error in zip(dead, outcome, strict=True) if error}
    return _answer(invocation, event, again, len(dead))


def queue(invocation: Invocation, handler: Handler, event: Event) -> Any:
    """Hand each message of an SQS queue to the handler; one for which it returns False comes again.

    Answers with the ids of the messages that stay in the queue.
    """

    def take(record: Any) -> None:
        check_time(invocation.deadline)
        message = Message.of(record.raw_event)
        _note(invocation, message.body.get("correlation_id"))
        if handler(invocation, message) is False:
            raise Later

    return _answer(invocation, event, _process(invocation, EventType.SQS, event, take))


def _note(invocation: Invocation, correlation_id: str | None) -> None:
    if correlation_id:
        invocation.concerns(correlation_id)


def _process(invocation: Invocation, kind: EventType, event: Event, take: Callable[[Any], None]) -> set[str]:
    processor = BatchProcessor(kind, raise_on_entire_batch_failure=False)
    with processor(event["Records"], take):
        processor.process()
    again = [str(each["itemIdentifier"]) for each in processor.response()["batchItemFailures"]]
    for number, (_, error, _) in zip(again, processor.exceptions, strict=True):
        if not isinstance(error, Later | Unfinished):
            _log(invocation, number, error)
    return set(again)


def _log(invocation: Invocation, number: str, error: BaseException | None) -> None:
    logger.error("record failed", exc_info=error, extra={"operation": invocation.name, "record": number})


def _answer(invocation: Invocation, event: Event, again: set[str], dead: int = 0) -> Any:
    invocation.counts |= {"records": len(event["Records"]), "failed_records": len(again), "dead_letters": dead}
    in_order = sorted(again, key=lambda each: (len(each), each))
    return {"batchItemFailures": [{"itemIdentifier": each} for each in in_order]}


def _letter(invocation: Invocation, record: Record, error: BaseException) -> Record:
    """Return the dead letter of a record: whole, so that it can be brought in again, unless it is too large."""
    letter = {"consumer": invocation.name, "error": f"{type(error).__name__}: {error}"[:500], "record": record}
    if len(json.dumps(letter)) <= BYTES_MAX // 2:
        return letter
    data = {name: record["dynamodb"].get(name) for name in ("Keys", "SequenceNumber")}
    named = {name: record.get(name) for name in ("eventID", "eventName", "eventSourceARN")}
    return {**letter, "record": {**named, "dynamodb": data}}
