"""Queries of an index give what a plain filter and sort over the same rows give, page by page."""

import random
import uuid
from typing import Any

import pytest

KEYS = {"pk": "S", "sk": "S", "list": "S", "rank": "S", "number": "N"}
CONDITIONS = {
    "": lambda _value, _a, _b: True,
    " AND #k = :a": lambda value, a, _b: value == a,
    " AND #k < :a": lambda value, a, _b: value < a,
    " AND #k <= :a": lambda value, a, _b: value <= a,
    " AND #k > :a": lambda value, a, _b: value > a,
    " AND :a <= #k": lambda value, a, _b: value >= a,
    " AND #k BETWEEN :a AND :b": lambda value, a, b: a <= value <= b,
    " AND begins_with(#k, :a)": lambda value, a, _b: value.startswith(a),
}


@pytest.fixture(scope="module")
def rows(aws: Any) -> tuple[Any, str, list[dict[str, Any]]]:
    """A table with two indexes, and what is in it: rows were written, overwritten and deleted, before and after
    the first query."""
    client, name, chance = aws("dynamodb"), f"test-{uuid.uuid4().hex[:8]}", random.Random(7)
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in KEYS.items()],
        GlobalSecondaryIndexes=[
            {
                "IndexName": f"by-{key}",
                "KeySchema": [{"AttributeName": "list", "KeyType": "HASH"}, {"AttributeName": key, "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for key in ("rank", "number")
        ],
    )
    stored: dict[tuple[str, str], dict[str, Any]] = {}
    for step in range(260):
        key = {"pk": {"S": str(chance.randrange(40))}, "sk": {"S": chance.choice("xyz")}}
        place = (key["pk"]["S"], key["sk"]["S"])
        if step == 150:
            client.query(
                TableName=name,
                IndexName="by-rank",
                KeyConditionExpression="#l = :l",
                ExpressionAttributeNames={"#l": "list"},
                ExpressionAttributeValues={":l": {"S": "one"}},
            )
        if chance.random() < 0.2:
            client.delete_item(TableName=name, Key=key)
            stored.pop(place, None)
            continue
        item = key | {"list": {"S": chance.choice(["one", "two"])}, "number": {"N": str(chance.randrange(-20, 120))}}
        if chance.random() < 0.9:
            item["rank"] = {"S": "".join(chance.choices("abc", k=chance.randrange(1, 4)))}
        client.put_item(TableName=name, Item=item)
        stored[place] = item
    return client, name, list(stored.values())


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("key", ["rank", "number"])
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 7, None])
def test_pages_of_an_index(rows: Any, condition: str, key: str, forward: bool, limit: int | None) -> None:
    if key == "number" and "begins_with" in condition:
        return
    client, name, stored = rows
    kind, convert = (("S", str), ("N", int))[key == "number"]
    low, high = ("ab", "bb") if key == "rank" else ("9", "50")
    expected = sorted(
        (convert(item[key][kind]), item["pk"]["S"], item["sk"]["S"])
        for item in stored
        if key in item
        and item["list"]["S"] == "one"
        and CONDITIONS[condition](convert(item[key][kind]), convert(low), convert(high))
    )
    values = {":l": {"S": "one"}, ":a": {kind: low}, ":b": {kind: high}}
    request = {
        "TableName": name,
        "IndexName": f"by-{key}",
        "KeyConditionExpression": "#l = :l" + condition,
        "ExpressionAttributeNames": {"#l": "list"} | ({"#k": key} if condition else {}),
        "ExpressionAttributeValues": {each: value for each, value in values.items() if each in "#l = :l" + condition},
        "ScanIndexForward": forward,
        **({"Limit": limit} if limit else {}),
    }
    found, pages = [], 0
    while True:
        answer = client.query(**request)
        pages += 1
        found += [(convert(each[key][kind]), each["pk"]["S"], each["sk"]["S"]) for each in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            break
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    assert found == (expected if forward else expected[::-1])
    assert pages == (len(expected) // limit + 1 if limit else 1)
