"""The table's stream without a stream: what changed in a tenant's rows since last time, as records."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from switchyard.aws.bus import Bus
from switchyard.catalogue import load
from switchyard.pipeline import consumer, signals
from switchyard.store.table import Item, Table
from tests.support.http import Context
from tests.support.template import ROOT

Record = dict[str, Any]

#: Where DynamoDB's sequence numbers are today: 21 digits and more.
_FIRST_NUMBER = 100_000_000_000_000_000_000


def record(old: Item | None, new: Item | None, number: int = 1) -> Record:
    """Return the record of a row that was `old` and is `new`."""
    row = new or old
    assert row is not None
    images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image}
    return {
        "eventID": str(number),
        "eventName": "MODIFY" if len(images) == 2 else "INSERT" if new else "REMOVE",
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.1",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1780651800,
            "Keys": {"pk": row["pk"], "sk": row["sk"]},
            "SequenceNumber": str(_FIRST_NUMBER + number),
            "SizeBytes": 600,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **images,
        },
    }


def messages(records: Sequence[Record]) -> dict[str, Any]:
    """Return the event by which the queue of signals carries on these records; a message is named after its record."""
    found = [(each["dynamodb"]["SequenceNumber"], signals.due(each["dynamodb"])) for each in records]
    return {"Records": [message(signal, name=number) for number, signal in found if signal]}


def message(body: Any, attempt: int = 1, name: str = "1") -> Record:
    """Return the record of an SQS event: a message that is received for this time."""
    attributes = {"ApproximateReceiveCount": str(attempt)}
    sqs = {"eventSource": "aws:sqs", "receiptHandle": "r", "attributes": attributes, "messageAttributes": {}}
    return {**sqs, "messageId": name, "body": json.dumps(body)}


@cache
def handler(name: str) -> Callable[..., Any]:
    """Return the handler of a consumer by its name, as `pipeline.signal_runs`."""
    found: Callable[..., Any] = load(ROOT / "functions" / name.replace(".", "/") / "app.py").handler
    return found


def consume(name: str, records: Sequence[Record], milliseconds: int = 60_000, **clients: Any) -> list[str]:
    """Hand records to a consumer that works with these clients; returns the names of those that it wants again."""
    consumer.use(**clients)
    try:
        answer = handler(name)({"Records": list(records)}, Context(milliseconds))
    finally:
        consumer.use()
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


class Letters:
    """A queue in memory: keeps what is sent."""

    deadline = 0.0

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, bodies: Sequence[Any]) -> list[Exception | None]:
        self.sent += bodies
        return [None] * len(bodies)


class Visibility:
    """A client of SQS that keeps for how many seconds each message was hidden."""

    def __init__(self) -> None:
        self.hidden: list[int] = []

    def change_message_visibility(self, VisibilityTimeout: int, **_: str) -> None:
        self.hidden.append(VisibilityTimeout)


class Killed(BaseException):
    """The consumer's process ends here, without a word."""


class Failing:
    """A client that does not come to make one of its calls, by number: it fails with the error instead."""

    def __init__(self, client: Any, at: int, error: BaseException) -> None:
        self.client, self.at, self.error = client, at, error
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        def call(**params: Any) -> Any:
            self.calls += 1
            if self.calls == self.at:
                raise self.error
            return getattr(self.client, name)(**params)

        return call


class BusClient:
    """Takes events and keeps them; refuses those whose turn is in `refuse` (1 is the first)."""

    def __init__(self, refuse: Sequence[int] = ()) -> None:
        self.refuse = set(refuse)
        self.requests: list[list[Mapping[str, Any]]] = []
        self.taken: list[Mapping[str, Any]] = []
        self.seen = 0

    def put_events(self, Entries: list[Mapping[str, Any]]) -> dict[str, Any]:
        self.requests.append(Entries)
        answers: list[dict[str, str]] = []
        for entry in Entries:
            self.seen += 1
            if self.seen in self.refuse:
                answers.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"})
            else:
                self.taken.append(entry)
                answers.append({"EventId": str(self.seen)})
        return {"FailedEntryCount": sum("ErrorCode" in each for each in answers), "Entries": answers}


class Stream:
    """The changes of one tenant's rows, and the pipeline that consumes them."""

    def __init__(self, table: Table, tenant: str) -> None:
        self.table, self.tenant = table, tenant
        self.bus = BusClient()
        self.dead_letters = Letters()
        self.rows: dict[tuple[str, str], Item] = {}
        self.number = 0

    def scan(self) -> dict[tuple[str, str], Item]:
        """Read every row of the tenant, those of the audit trail too."""
        found: dict[tuple[str, str], Item] = {}
        start: dict[str, Any] = {}
        while True:
            answer = self.table.client.scan(TableName=self.table.name, **start)
            for row in answer["Items"]:
                if self.tenant in row["pk"]["S"]:
                    found[row["pk"]["S"], row["sk"]["S"]] = row
            if "LastEvaluatedKey" not in answer:
                return found
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def collect(self) -> list[Record]:
        """Return the records of what changed since last time."""
        now, records = self.scan(), []
        for key in sorted(now.keys() | self.rows.keys()):
            old, new = self.rows.get(key), now.get(key)
            if old != new:
                self.number += 1
                records.append(record(old, new, self.number))
        self.rows = now
        return records

    def deliver(self, records: Sequence[Record], client: Any = None, milliseconds: int = 60_000) -> list[str]:
        """Hand records to the pipeline; returns the sequence numbers that it wants again."""
        table = Table(self.table.name, client or self.table.client)
        clients = {"table": table, "bus": Bus("bus", self.bus), "queue_dead_letters": self.dead_letters}
        return consume("pipeline.project_changes", records, milliseconds, **clients)

    def settle(self) -> list[Record]:
        """Deliver all there is and what follows from that, until nothing does; returns all records."""
        delivered: list[Record] = []
        while records := self.collect():
            assert self.deliver(records) == []
            delivered += records
        return delivered
