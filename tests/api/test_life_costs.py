"""What a task costs over its life, in units and calls: held to budgets, and told in docs/performance.md."""

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from bench.designs import STEPS
from switchyard.domain.ids import new_id
from switchyard.store.indexes import SECONDARY
from tests.api.conftest import client_of, empty_table
from tests.support import life
from tests.support.life import Life
from tests.support.template import table_definition
from tests.support.units import Meter


@pytest.fixture(scope="module")
def lived(_client: Any) -> Iterator[Life]:
    tenant = new_id()
    with empty_table(_client) as table:
        yield Life(Meter(_client, table_definition()), table.name, tenant, partial(client_of, table, tenant)).live()


def test_the_life_of_a_task_costs_what_the_page_on_performance_tells(lived: Life) -> None:
    told = life.page_with({"units": life.render(lived.steps), "pages": life.render_pages(lived.pages)})
    if os.environ.get("UPDATE_DOCS"):
        life.PAGE.write_text(told)
    assert life.PAGE.read_text() == told


#: Units written by the request and by the pipeline, units read, and calls of the table.
BUDGETS = {
    "create in the pool": (5, 3, 0, 1),
    "claim the next": (8, 3, 2, 5),
    "heartbeat": (1, 0, 0, 1),
    "edit of a title": (6, 3, 1, 2),
    "complete": (7, 3, 1, 2),
    "create in a project, with goal, assignee and due date": (17, 17, 1, 2),
    "a run: start, offer, claim, 10 log appends, end": (77, 46, 32, 36),
    "heartbeat of a run": (1, 0, 0, 1),
    "an append of 6 KB to its log": (4, 0, 2, 2),
    "create in the pool, with a text of 800 bytes": (5, 3, 0, 1),
    "claim the next, with a text of 800 bytes": (9, 3, 2, 5),
    "heartbeat, with a text of 800 bytes": (2, 0, 0, 1),
    "edit of a title, with a text of 800 bytes": (7, 3, 1, 2),
    "complete, with a text of 800 bytes": (8, 3, 1, 2),
    "create in the pool, with a text of 6 KB": (9, 6, 0, 1),
    "claim the next, with a text of 6 KB": (12, 3, 3, 6),
    "heartbeat, with a text of 6 KB": (5, 0, 0, 1),
    "edit of a title, with a text of 6 KB": (10, 3, 2, 2),
    "complete, with a text of 6 KB": (11, 3, 2, 2),
}


def test_no_step_costs_more_than_its_budget(lived: Life) -> None:
    assert {each.name for each in lived.steps} == set(BUDGETS)
    for step in lived.steps:
        spent = (step.written, step.followed, step.read, step.calls)
        assert all(now <= most for now, most in zip(spent, BUDGETS[step.name], strict=True)), step


#: Units that a page reads, and how many one read before indexes had keys alone.
PAGES = {
    "all tasks": (2, 3.5),
    "all tasks, shared and personal": (2.5, 4),
    "of a status": (3, 4.5),
    "of the usual priority": (3.5, 9),
    "of the usual priority and a status": (5, 4.5),
    "of another priority": (7, 9),
    "of another priority and a status": (3.5, 4.5),
    "of an assignee": (7.5, 13.5),
    "of an assignee and a status": (3.5, 6.5),
    "of a project, newest first": (5.5, 8),
    "of a project": (11, 16.5),
    "of a project and a status": (3.5, 6),
    "of a goal": (16.5, 13.5),
    "of a goal and a status": (13.5, 5.5),
    "of a parent": (16.5, 13.5),
    "of a parent and a status": (13.5, 5.5),
    "that wait for a task": (20.5, 16.5),
    "that wait for a task, of a status": (14.5, 6),
    "about a resource": (9, 12),
    "about a resource, open": (5.5, 7),
    "changed since a day": (2, 3.5),
    "due by a day": (16.5, 13.5),
    "ready": (3.5, 5),
    "ready in a project": (3.5, 3.5),
    "the trail": (3, 3.5),
    "the trail of an actor": (4.5, 4.5),
}
#: Pages of keys alone, of one status: a row that is read by its key costs half a unit at least, beside others in a
#: Query an eighth.
BY_KEYS = {"of a goal and a status", "of a parent and a status", "that wait for a task, of a status"}


def test_no_page_reads_more_than_its_budget(lived: Life) -> None:
    assert {each.name for each in lived.pages} == set(PAGES)
    for page in lived.pages:
        assert page.read <= PAGES[page.name][0], page


def test_pages_read_at_most_half_as_much_again_as_from_whole_copies() -> None:
    dearer = {name for name, (now, before) in PAGES.items() if now > before * 1.5}
    assert dearer == BY_KEYS


def test_the_page_compares_other_designs_with_what_is_counted_here(lived: Life) -> None:
    units = {each.name: f"{each.written} + {each.followed}" for each in lived.steps}
    told = life.PAGE.read_text(encoding="utf-8")
    assert f"| as it is | {len(SECONDARY)} | {' | '.join(units[each] for each in STEPS)} |" in told
