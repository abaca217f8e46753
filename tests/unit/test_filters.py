"""A condition tells the same of a row whether DynamoDB takes it or the row is read first."""

from typing import Any

import boto3
import pytest
from moto import mock_aws

from switchyard.store import filters
from switchyard.store.filters import Condition, Filter
from switchyard.store.indexes import DUE, LISTED_BY_ID, OF_GOAL, Index
from switchyard.store.table import Item

ROWS: list[Item] = [
    {
        "status": {"S": "todo"},
        "labels": {"L": [{"S": "a"}, {"S": "b"}]},
        "progress": {"N": "10"},
        "due": {"S": "2026-05-01"},
        "assignee": {"S": "agent_bo"},
    },
    {"status": {"S": "done"}, "labels": {"L": [{"S": "ab"}]}, "progress": {"N": "9"}, "due": {"S": "2026-05-01T10"}},
    {"labels": {"L": []}, "progress": {"N": "100"}, "assignee": {"S": "ada"}, "assignee_type": {"S": "agent"}},
    {"status": {"S": ""}, "due": {"S": "2026-06-01"}, "assignee": {"S": "user_ada"}, "assignee_type": {"S": "user"}},
]
CONDITIONS = [
    filters.any_of("status", ["todo"]),
    filters.any_of("status", ["todo", None]),
    filters.any_of("status", [None]),
    filters.contains_any("labels", ["a"]),
    filters.contains_any("labels", ["x", "ab"]),
    filters.between("due", "2026-05-01", "2026-05-01\U0010ffff"),
    filters.between("due", None, "2026-05-01"),
    filters.between("due", "2026-05-02", None),
    filters.number_between("progress", 10, None),
    filters.number_between("progress", None, 10),
    filters.number_between("progress", 9, 9),
    filters.begins_with("due", "2026-05"),
    filters.first_is("labels", "a"),
    filters.for_agents(),
    filters.for_agents(agents=False),
    filters.either(filters.any_of("status", ["done"]), filters.number_between("progress", 100, 100)),
    filters.either(filters.any_of("status", ["done"])),
]


@pytest.fixture(scope="module")
def client() -> Any:
    with mock_aws():
        made = boto3.client("dynamodb", region_name="us-east-1")
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        made.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        )
        for number, row in enumerate(ROWS):
            made.put_item(TableName="t", Item={"pk": {"S": "p"}, "sk": {"S": str(number)}, **row})
        yield made


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda each: f"{each.expression} {each.values}")
def test_dynamodb_and_the_read_row_tell_the_same(client: Any, condition: Condition) -> None:
    row_filter = Filter([condition])
    told, rest = row_filter.split(Index(None, "pk", "sk", tuple({each for row in ROWS for each in row})))
    assert not rest
    answer = client.query(
        TableName="t",
        KeyConditionExpression="pk = :pk",
        FilterExpression=told.expression,
        ExpressionAttributeNames=dict(told.names),
        ExpressionAttributeValues={":pk": {"S": "p"}, **told.values},
    )
    by_row = [str(number) for number, row in enumerate(ROWS) if row_filter.holds(row)]
    assert [item["sk"]["S"] for item in answer["Items"]] == by_row
    assert 0 < len(by_row) < len(ROWS)


def test_an_index_is_asked_only_for_what_it_copies() -> None:
    row_filter = Filter([filters.any_of("due", ["2026-05-01"]), filters.any_of("assignee", ["ada"])])
    packed, rest = row_filter.split(LISTED_BY_ID)
    assert (packed.expression, rest) == ("", True)
    part, rest = row_filter.split(DUE)
    assert (list(part.names.values()), part.values, rest) == (["due"], {":f0": {"S": "2026-05-01"}}, True)
    nothing, rest = row_filter.split(OF_GOAL)
    assert (nothing.expression, rest) == ("", True)


@pytest.mark.parametrize(
    ("words", "found"), [("write", True), ("straße", False), ("strasse", True), ("me\nit", True), ("else", False)]
)
def test_words_are_searched_in_any_case(words: str, found: bool) -> None:
    row = {"title": {"S": "WRITE me"}, "description": {"S": "it of the Straße"}}
    searched = filters.searched(words)
    assert searched.holds(row) is found
    assert Filter([searched]).split(LISTED_BY_ID)[1]


def test_words_are_searched_in_the_first_of_a_long_text() -> None:
    row = {"title": {"S": "t"}, "description": {"S": "x" * filters.SEARCHED_MAX + "late"}}
    assert not filters.searched("late").holds(row)
