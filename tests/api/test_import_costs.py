"""What an imported track costs, in units: held to budgets, and told in docs/importing.md."""

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from switchyard.aws.objects import ObjectStore
from switchyard.domain.ids import new_id
from tests.api.conftest import client_of, empty_table
from tests.support import life
from tests.support.import_costs import PAGE, Cost, Costs, render

#: Units that a track may write, by the import and by the pipeline.
BUDGETS = {"two dependencies": (9, 5), "project, goal, assignee and due date too": (17, 10)}


@pytest.fixture
def costs(_client: Any, bucket: ObjectStore) -> Iterator[list[Cost]]:
    tenant = new_id()
    with empty_table(_client) as table:
        yield Costs(_client, table.name, tenant, partial(client_of, table, tenant), bucket).count()


def test_an_imported_track_costs_what_the_page_on_imports_tells(costs: list[Cost]) -> None:
    told = life.page_with({"import costs": render(costs)}, PAGE)
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(told)
    assert PAGE.read_text() == told
    assert {each.name for each in costs} == set(BUDGETS)
    for each in costs:
        written, followed = BUDGETS[each.name]
        assert each.written <= written, each
        assert each.followed <= followed, each
