"""Capacity units by DynamoDB's documented rules, counted from the rows before and after: emulators report flat figures.

Sources, in the Amazon DynamoDB developer guide:
- sizes: "DynamoDB item sizes and formats";
- writes, reads and transactions: "DynamoDB read and write operations" and "Amazon DynamoDB transactions: capacity";
- indexes: "Using global secondary indexes", under write considerations: a row that enters or leaves an index is one
  write, one whose key moves there is two, one of which only projected attributes change is one, any other is none.
"""

import base64
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from switchyard.store.table import Item

KB = 1_024


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        digits = held.lstrip("-").replace(".", "").strip("0") or "0"
        return math.ceil(len(digits) / 2) + 1 + held.startswith("-")
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "B":
        return len(base64.b64decode(held))
    if kind == "L":
        return 3 + sum(1 + _value_size(each) for each in held)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(each) for name, each in held.items())
    if kind in ("SS", "NS"):
        return sum(_value_size({kind[0]: each}) for each in held)
    raise TypeError(f"DynamoDB has no type {kind}")


def size(item: Item | None) -> int:
    """Return the bytes of a row: names and values of its attributes."""
    return sum(len(name.encode()) + _value_size(value) for name, value in (item or {}).items())


def entry(definition: Mapping[str, Any], table_keys: Iterable[str], item: Item | None) -> Item | None:
    """Return what an index holds of a row; None when the row lacks one of the index's keys."""
    index_keys = [each["AttributeName"] for each in definition["KeySchema"]]
    if item is None or any(name not in item for name in index_keys):
        return None
    projection = definition["Projection"]
    if projection["ProjectionType"] == "ALL":
        return dict(item)
    kept = {*index_keys, *table_keys, *projection.get("NonKeyAttributes", ())}
    return {name: value for name, value in item.items() if name in kept}


def _blocks(item: Item | None, block: int) -> int:
    return max(1, math.ceil(size(item) / block))


def table_write(before: Item | None, after: Item | None, *, transaction: bool = False) -> int:
    """Return the units of the table itself: the larger image, by KB, twice that in a transaction."""
    return max(_blocks(before, KB), _blocks(after, KB)) * (2 if transaction else 1)


def index_write(
    definition: Mapping[str, Any], table_keys: Iterable[str], before: Item | None, after: Item | None
) -> int:
    """Return the units of one index. It follows the table outside of any transaction: nothing is doubled."""
    keys = list(table_keys)
    old, new = (entry(definition, keys, each) for each in (before, after))
    if old == new:
        return 0
    if old is None or new is None:
        return _blocks(new if old is None else old, KB)
    if any(old[each["AttributeName"]] != new[each["AttributeName"]] for each in definition["KeySchema"]):
        return _blocks(old, KB) + _blocks(new, KB)
    return max(_blocks(old, KB), _blocks(new, KB))


def read(sizes: Iterable[int], *, consistent: bool) -> float:
    """Return the units of a Query over rows of these bytes (or of one row): by 4 KB together, half of it eventually."""
    return max(1, math.ceil(sum(sizes) / (4 * KB))) * (1 if consistent else 0.5)


def _is_token(item: Item) -> bool:
    return bool(item["pk"]["S"].startswith("TOKEN#"))


class Meter:
    """A DynamoDB client that counts what passes through it, by table and index. For one thread's writes.

    `writes` and `reads` hold units by index name ("" for the table); `calls` the operations in order.
    """

    def __init__(self, client: Any, definition: Mapping[str, Any]) -> None:
        self.client, self.definition = client, definition
        self.keys = [each["AttributeName"] for each in definition["KeySchema"]]
        self.clear()

    def clear(self) -> None:
        self.writes: Counter[str] = Counter()
        self.reads: dict[str, float] = {}
        self.calls: list[str] = []

    @property
    def written(self) -> int:
        return self.writes.total()

    @property
    def read(self) -> float:
        return sum(self.reads.values())

    def __getattr__(self, operation: str) -> Any:
        def call(**params: Any) -> Any:
            # The tests' own look at the table, and what a container remembers while time passes.
            if operation == "scan" or (operation == "get_item" and _is_token(params["Key"])):
                return getattr(self.client, operation)(**params)
            self.calls.append(operation)
            touched = list(self._touched(operation, params))
            before = [self._row(table, key) for table, key, _ in touched]
            answer = getattr(self.client, operation)(**params)
            for (table, key, kind), old in zip(touched, before, strict=True):
                self._count(old, self._row(table, key), kind, transaction=operation == "transact_write_items")
            self._count_reads(operation, params, answer)
            return answer

        return call

    # -------------------------------------------------------------- writes
    def _touched(self, operation: str, params: Mapping[str, Any]) -> Iterable[tuple[str, Item, str]]:
        if operation in ("put_item", "update_item", "delete_item"):
            yield params["TableName"], self._key(params.get("Key") or params["Item"]), "write"
        elif operation == "transact_write_items":
            for action in params["TransactItems"]:
                ((kind, each),) = action.items()
                yield each["TableName"], self._key(each.get("Key") or each["Item"]), kind
        elif operation == "batch_write_item":
            for table, requests in params["RequestItems"].items():
                for request in requests:
                    ((_, each),) = request.items()
                    yield table, self._key(each.get("Key") or each["Item"]), "write"

    def _key(self, item: Item) -> Item:
        return {name: item[name] for name in self.keys}

    def _row(self, table: str, key: Item) -> Item | None:
        found: Item | None = self.client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        return found

    def _count(self, before: Item | None, after: Item | None, kind: str, *, transaction: bool) -> None:
        self.writes[""] += table_write(before, after, transaction=transaction)
        if kind != "ConditionCheck":
            for index in self.definition["GlobalSecondaryIndexes"]:
                if units := index_write(index, self.keys, before, after):
                    self.writes[index["IndexName"]] += units

    # -------------------------------------------------------------- reads
    def _count_reads(self, operation: str, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        if operation == "get_item":
            self._add("", read([size(answer.get("Item"))], consistent=params.get("ConsistentRead", False)))
        elif operation == "batch_get_item":
            for table, request in params["RequestItems"].items():
                # As in `call`: what a container remembers is not counted.
                found = [each for each in answer["Responses"].get(table, []) if not _is_token(each)]
                missing = len([key for key in request["Keys"] if not _is_token(key)]) - len(found)
                for each in [*found, *[None] * missing]:
                    self._add("", read([size(each)], consistent=request.get("ConsistentRead", False)))
        elif operation == "query":
            self._add(
                params.get("IndexName", ""),
                read(self._examined(params), consistent=params.get("ConsistentRead", False)),
            )

    def _examined(self, params: Mapping[str, Any]) -> list[int]:
        """Return the sizes of the rows that a Query passes, those that its filter drops as well."""
        plain = {name: value for name, value in params.items() if name != "FilterExpression"}
        used = plain["KeyConditionExpression"]
        for group, sign in (("ExpressionAttributeNames", "#"), ("ExpressionAttributeValues", ":")):
            words = used.replace("(", " ").replace(")", " ").replace(",", " ").split()
            kept = {name: value for name, value in plain.get(group, {}).items() if name in words}
            plain.pop(group, None)
            if kept:
                plain[group] = kept
            assert all(name.startswith(sign) for name in kept)
        return [size(each) for each in self.client.query(**plain)["Items"]]

    def _add(self, index: str, units: float) -> None:
        self.reads[index] = self.reads.get(index, 0) + units
