"""Records of the table's stream that a dead letter only names: read again while the stream has them, for 24 hours."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from switchyard.admin.stack import Stack
from switchyard.aws.errors import ApiError
from switchyard.domain.errors import NotFound

#: Reads of one shard until a record is found: each goes on where the last one ended, over empty stretches too.
_READS_MAX = 1_000


class Gone(Exception):
    """The stream has the records no more."""


def read_records(stack: Stack, named: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the records that a letter names, as a function gets them. Raises Gone.

    Named either by shard, first and last sequence number (Lambda's letters), or by one sequence number (ours).
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
    """
    client, arn = stack.client("dynamodbstreams"), named.get("streamArn")
    if not arn:
        raise NotFound("The letter does not say which stream its records are from.")
    if "shardId" in named:
        return _between(client, arn, named["shardId"], named["startSequenceNumber"], named["endSequenceNumber"])
    number = named["SequenceNumber"]
    for shard in _shards(client, arn):
        known = shard["SequenceNumberRange"]
        ended = known.get("EndingSequenceNumber")
        if int(known.get("StartingSequenceNumber", 0)) <= int(number) and (ended is None or int(number) <= int(ended)):
            return _between(client, arn, shard["ShardId"], number, number)
    raise Gone


def _shards(client: Any, arn: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    start: dict[str, str] = {}
    while True:
        described = client.describe_stream(StreamArn=arn, **start)["StreamDescription"]
        found += described["Shards"]
        if "LastEvaluatedShardId" not in described:
            return found
        start = {"ExclusiveStartShardId": described["LastEvaluatedShardId"]}


def _between(client: Any, arn: str, shard: str, first: str, last: str) -> list[dict[str, Any]]:
    try:
        place = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": first}
        iterator = client.get_shard_iterator(StreamArn=arn, ShardId=shard, **place)["ShardIterator"]
        found: list[dict[str, Any]] = []
        for _ in range(_READS_MAX):
            answer = client.get_records(ShardIterator=iterator)
            for record in answer["Records"]:
                if int(record["dynamodb"]["SequenceNumber"]) <= int(last):
                    found.append(as_delivered(record, arn))
            iterator = answer.get("NextShardIterator")
            if iterator is None or (found and int(found[-1]["dynamodb"]["SequenceNumber"]) >= int(last)):
                break
            if answer["Records"] and int(answer["Records"][-1]["dynamodb"]["SequenceNumber"]) > int(last):
                break
    except ApiError as error:
        if error.code in ("TrimmedDataAccessException", "ResourceNotFoundException"):
            raise Gone from error
        raise
    if not found:
        raise Gone
    return found


def as_delivered(record: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """Return a record of GetRecords as Lambda hands it to a function: times are seconds, and the stream is named."""
    data = dict(record["dynamodb"])
    created = data.get("ApproximateCreationDateTime")
    if isinstance(created, datetime):
        data["ApproximateCreationDateTime"] = created.timestamp()
    return {**record, "dynamodb": data, "eventSourceARN": arn}
