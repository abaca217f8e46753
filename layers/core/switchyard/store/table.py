"""The only place that talks to DynamoDB: one client per container, retries within the time that is left.

An answer can be lost although the write went through. Sent again, a transaction is known by its token; a lone write is
refused by its own condition, and known by the row that it left.
"""

import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from switchyard.aws import retry
from switchyard.aws.clients import make_client
from switchyard.aws.errors import ApiError
from switchyard.domain.ids import new_id
from switchyard.store.packing import Item

__all__ = ["Ahead", "ConditionFailed", "Item", "Table"]

_RETRYABLE = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "Throttling",
        "ThrottlingError",
        "TransactionInProgressException",
    }
)
_ASSIGNMENT = re.compile(r"(#?\w+) = (:\w+)")
_THROTTLED = "The database is too busy: try again in a second."


class ConditionFailed(Exception):
    """A conditional write was refused. `items` has, per action, the row that was in the way ({} if none),
    or None where the action's own condition held. `sent_again` says that an earlier attempt may have gone through."""

    def __init__(self, items: Sequence[Item | None], sent_again: bool = False) -> None:
        super().__init__("condition failed")
        self.items = items
        self.sent_again = sent_again


class Table:
    """One DynamoDB table. `deadline` is a time.monotonic() value: no retry starts after it.

    Rows are returned as they lie there, packed or not (store/packing.py).
    """

    #: Rows that were read before they are asked for, by pk and sk; None where there is none.
    ahead: Mapping[tuple[str, str], Item | None] = {}

    def __init__(self, name: str, client: Any) -> None:
        self.name = name
        self.client = client
        self.deadline = time.monotonic() + 30
        #: Called with each operation and its answer, consumed capacity included (tests and benchmarks).
        self.observe: Callable[[str, Mapping[str, Any]], None] | None = None

    @classmethod
    def from_environment(cls) -> "Table":
        """Return the table of the environment variable TABLE_NAME."""
        return cls(os.environ["TABLE_NAME"], make_client("dynamodb"))

    def give(self, milliseconds: int) -> None:
        """Set the deadline: so many milliseconds from now."""
        self.deadline = time.monotonic() + milliseconds / 1000

    def call(self, operation: str, *, until: float = math.inf, **params: Any) -> Any:
        """Make one API call; throttling and time-outs are tried again until the deadline, then raise Busy.

        `until` is an earlier deadline, a time.monotonic() value, for what may not be done later.
        Raises ConditionFailed when a condition of the write does not hold.
        """
        if self.observe:
            params["ReturnConsumedCapacity"] = "TOTAL"
        try:
            deadline = min(self.deadline, until + retry.RESERVE)
            answer = retry.call(partial(getattr(self.client, operation), **params), deadline, _is_retryable)
        except ApiError as error:
            raise _refusal(error) from error
        if self.observe:
            self.observe(operation, answer)
        return answer

    # -------------------------------------------------------------- reads
    def get(self, pk: str, sk: str) -> Item | None:
        """Read one row as it lies there, strongly consistent: 1 round trip."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        item: Item | None = self.call("get_item", TableName=self.name, Key=key, ConsistentRead=True).get("Item")
        return item

    def get_many(self, keys: Sequence[tuple[str, str]], consistent: bool = True) -> dict[tuple[str, str], Item]:
        """Read rows by (pk, sk), as they lie there: one round trip per 100 keys.

        What DynamoDB leaves unprocessed (above 16 MB an answer, or throttled) is asked for again after a pause, as its
        API reference advises. Raises Busy when the deadline is too near for that.
        """
        found: dict[tuple[str, str], Item] = {}
        todo = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in dict.fromkeys(keys)]
        pauses = retry.pauses()
        while todo:
            chunk, todo = todo[:100], todo[100:]
            request = {self.name: {"Keys": chunk, "ConsistentRead": consistent}}
            answer = self.call("batch_get_item", RequestItems=request)
            for item in answer["Responses"].get(self.name, ()):
                found[item["pk"]["S"], item["sk"]["S"]] = item
            left = answer.get("UnprocessedKeys") or {}
            if left:
                todo += left[self.name]["Keys"]
                retry.wait_until(self.deadline, next(pauses), _THROTTLED)
        return found

    def query(self, **params: Any) -> tuple[list[Item], Item | None]:
        """Run one Query; returns the rows and the key to continue from (None at the end)."""
        answer = self.call("query", TableName=self.name, **params)
        return answer["Items"], answer.get("LastEvaluatedKey")

    def pages(self, **params: Any) -> Iterator[list[Item]]:
        """Yield all that a Query finds: 1 round trip for each MB, or each `Limit` of rows. Nothing is read ahead."""
        start: Item | None = None
        while True:
            rows, start = self.query(**params, **({"ExclusiveStartKey": start} if start else {}))
            yield rows
            if start is None:
                return

    # -------------------------------------------------------------- writes
    def write(self, actions: Sequence[Item], until: float = math.inf) -> None:
        """Write all actions or none: a lone Put, Update or Delete as itself, several as one transaction.

        A transaction has a token, so that it can be sent again safely when its answer was lost, for ten minutes
        (ClientRequestToken, API reference of TransactWriteItems). Raises ConditionFailed with the rows that were in
        the way.
        """
        actions = [self._complete(action) for action in actions]
        if len(actions) == 1 and "ConditionCheck" not in actions[0]:
            ((kind, params),) = actions[0].items()
            try:
                self.call(f"{kind.lower()}_item", until=until, **params)
            except ConditionFailed as refused:
                if not (refused.sent_again and _is_done(kind, params, refused.items[0] or {})):
                    raise
        elif actions:
            self.call("transact_write_items", until=until, TransactItems=actions, ClientRequestToken=new_id())

    def update(self, params: Mapping[str, Any]) -> Item:
        """Change one row by an Update that may be made twice, and return it as it then is: 1 round trip.

        Raises ConditionFailed with the row that was in the way.
        """
        ((_, complete),) = self._complete({"Update": dict(params)}).items()
        found: Item = self.call("update_item", ReturnValues="ALL_NEW", **complete)["Attributes"]
        return found

    def put_many(self, items: Sequence[Item]) -> None:
        """Put rows without conditions, 25 a round trip; for idempotent projections only.

        What DynamoDB leaves unprocessed is put again after a pause. Raises Busy when the deadline is too near for that.
        """
        pauses = retry.pauses()
        todo = [{"PutRequest": {"Item": item}} for item in items]
        while todo:
            chunk, todo = todo[:25], todo[25:]
            answer = self.call("batch_write_item", RequestItems={self.name: chunk})
            left = (answer.get("UnprocessedItems") or {}).get(self.name, [])
            if left:
                todo += left
                retry.wait_until(self.deadline, next(pauses), _THROTTLED)

    def _complete(self, action: Item) -> Item:
        ((kind, params),) = action.items()
        params = {"TableName": self.name, **params}
        if "ConditionExpression" in params:
            params["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return {kind: params}


class Ahead(Table):
    """The table for one request, with rows that were read before the request asked for them: 1 round trip.

    Each of them answers the first read of its key, and none counts any more once the request has made a call of its
    own: what it reads is never older than what it wrote.
    """

    def __init__(self, table: Table, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__(table.name, table.client)
        self.deadline, self.observe = table.deadline, table.observe
        found = table.get_many(keys)
        self.ahead: dict[tuple[str, str], Item | None] = {key: found.get(key) for key in keys}

    def get(self, pk: str, sk: str) -> Item | None:
        """Return a row that was read ahead, else read it."""
        return self.ahead.pop((pk, sk)) if (pk, sk) in self.ahead else super().get(pk, sk)

    def get_many(self, keys: Sequence[tuple[str, str]], consistent: bool = True) -> dict[tuple[str, str], Item]:
        """Return rows that were read ahead, and read the others."""
        taken = {key: self.ahead.pop(key) for key in dict.fromkeys(keys) if key in self.ahead}
        found = {key: row for key, row in taken.items() if row}
        return found | super().get_many([key for key in keys if key not in taken], consistent)

    def call(self, operation: str, *, until: float = math.inf, **params: Any) -> Any:
        """Make one API call, after which nothing counts that was read ahead."""
        self.ahead.clear()
        return super().call(operation, until=until, **params)


def _is_retryable(error: ApiError) -> bool:
    code = error.code
    if code == "TransactionCanceledException":
        reasons = error.response.get("CancellationReasons", ())
        codes = {reason.get("Code") for reason in reasons}
        # A failed condition is final; a transaction that only met another one, or a throttle, is not.
        return "ConditionalCheckFailed" not in codes and bool(codes & {"TransactionConflict", *_RETRYABLE})
    return code in _RETRYABLE or code == "TransactionConflictException"


def _is_done(kind: str, params: Mapping[str, Any], row: Item) -> bool:
    """Return whether a row is as this Put, Update or Delete leaves it ({}: there is no row).

    Updates can be compared if they set attributes to values and remove others.
    """
    if kind == "Delete":
        return not row
    if kind == "Put":
        return bool(row == params["Item"])
    names, values = params.get("ExpressionAttributeNames", {}), params.get("ExpressionAttributeValues", {})
    sets, _, removed = params["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
    found = [_ASSIGNMENT.fullmatch(each) for each in sets.split(", ")]
    return all(each and row.get(names.get(each[1], each[1])) == values[each[2]] for each in found) and not any(
        names.get(each, each) in row for each in filter(None, removed.split(", "))
    )


def _refusal(error: ApiError) -> Exception:
    code = error.code
    if code == "ConditionalCheckFailedException":
        return ConditionFailed([error.response.get("Item", {})], error.repeated)
    if code == "TransactionCanceledException":
        reasons = error.response["CancellationReasons"]
        if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
            failed = "ConditionalCheckFailed"
            return ConditionFailed([r.get("Item", {}) if r.get("Code") == failed else None for r in reasons])
    return error
