"""Clients that take what AWS takes and refuse what it refuses: sizes, counts and characters."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from switchyard.aws.errors import ApiError

#: XML 1.0's characters: all that SQS takes in a message.
_XML = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


def refused(code: str) -> ApiError:
    """The error of a request that is refused as a whole."""
    return ApiError({"Error": {"Code": code, "Message": code}}, "operation")


class Sqs:
    """Keeps messages. A batch: at most ten entries, 1 MiB in all, and only characters of XML 1.0."""

    def __init__(self, bytes_max: int = 1_048_576) -> None:
        self.bytes_max = bytes_max
        self.bodies: list[str] = []
        self.batches: list[int] = []

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        bodies = [each["MessageBody"] for each in Entries]
        self.batches.append(sum(len(body.encode()) for body in bodies))
        if not 1 <= len(bodies) <= 10:
            raise refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
        if self.batches[-1] > self.bytes_max:
            raise refused("AWS.SimpleQueueService.BatchRequestTooLong")
        if not all(map(_XML.fullmatch, bodies)):
            raise refused("InvalidMessageContents")
        self.bodies += bodies
        return {"Successful": [{"Id": each["Id"]} for each in Entries]}


class Events:
    """Keeps events. A request: at most ten entries, 256 KB in all, as UTF-8."""

    def __init__(self) -> None:
        self.taken: list[Mapping[str, Any]] = []

    def put_events(self, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        if len(Entries) > 10 or sum(len(each["Detail"].encode()) for each in Entries) > 262_144:
            raise refused("ValidationException")
        self.taken += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in Entries]}


class Dynamo:
    """An empty table: takes items that UTF-8 can hold and that have at most 400 KB; keeps what is put."""

    def __init__(self) -> None:
        self.items: list[Mapping[str, Any]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**params: Any) -> dict[str, Any]:
            if len(str(params).encode()) > 409_600:
                raise refused("ValidationException")
            if operation == "put_item":
                self.items.append(params["Item"])
            return {"Items": [], "Responses": {}}

        return call
