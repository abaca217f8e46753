"""A table of the version before, on DynamoDB's emulator: its indexes change one at a time while lists are read."""

from typing import Any

import pytest

from switchyard.domain.ids import new_id
from switchyard.http.container import use_table
from switchyard.store import migration
from switchyard.store.table import Table
from tests.api.conftest import client_of
from tests.support import former
from tests.support.template import table_definition


@pytest.fixture
def filled(database: Any) -> Table:
    name = f"former-{new_id()}"
    database.create_table(TableName=name, **former.definition())
    table = Table(name, database)
    table.give(60_000)
    table.put_many(former.ROWS)
    return table


def test_lists_are_right_as_soon_as_the_new_indexes_are_there_and_stay_so(filled: Table) -> None:
    definitions = table_definition()["AttributeDefinitions"]
    use_table(filled)
    api = client_of(filled, former.TENANT)
    for step in former.creations():
        change(filled, step, definitions)
    # All that are new are there, and all of before: today's functions are deployed now.
    assert former.shown(api) == former.LISTS
    assert migration.migrate(filled, units=10**6)["changed"] == former.CHANGED
    for step in former.deletions():
        change(filled, step, definitions)
        assert former.shown(api) == former.LISTS
    found = filled.client.describe_table(TableName=filled.name)["Table"]["GlobalSecondaryIndexes"]
    assert {each["IndexName"] for each in found} == {
        each["IndexName"] for each in table_definition()["GlobalSecondaryIndexes"]
    }


def change(table: Table, step: Any, definitions: Any) -> None:
    table.client.update_table(
        TableName=table.name, AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=[step]
    )
