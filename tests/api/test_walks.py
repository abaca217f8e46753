"""The way of a request from its handler to the write: short, and straight down (docs/architecture.md lists it)."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from switchyard.domain.ids import new_id
from switchyard.domain.tenants import Project
from switchyard.store.table import Table
from tests.support.http import Answer, Api
from tests.support.planning import DOCS, make_goal, make_task
from tests.support.projects import a_task, a_tenant
from tests.support.template import ROOT
from tests.support.walks import Walk, walked

#: Files that hand the work of a bulk apply on; others only answer: ids, the clock, status words.
WAY_MAX = 14

ARCHITECTURE = ROOT / "docs/architecture.md"

Send = Callable[[], Answer]
Prepare = Callable[[Api, Table, str], Send]


def apply(api: Api, _table: Table, _tenant: str) -> Send:
    """A bulk apply that takes every branch: a key, a goal's number, an edge of an older track, references all ways."""
    goal, other = make_goal(api)["id"], make_task(api, "There before")["id"]
    drafts: list[dict[str, Any]] = [
        {"id": "a", "title": "A", "task": {"goalId": goal, "dependsOn": [other], "parentId": "b"}},
        {"id": "b", "title": "B", "task": {}},
        {"id": other, "title": "Changed", "task": {"parentId": "c"}},
        {"id": "c", "title": "C", "task": {}},
    ]
    body, headers = {"scope": DOCS, "updateDrafts": drafts}, {"idempotency-key": new_id()}
    return lambda: api.post("/v1/tracks/apply", body, headers=headers)


def run_task(api: Api, table: Table, tenant: str) -> Send:
    task = a_task(table, _project(table, tenant))
    return lambda: api.post(f"/api/projects/1/tasks/{task.id}/run", {"mode": "background"})


def update_task(api: Api, _table: Table, _tenant: str) -> Send:
    arguments = {"task_id": make_task(api)["id"], "status": "completed", "idempotency_key": new_id()}
    params = {"name": "update_task", "arguments": arguments}
    return lambda: api.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})


@cache
def _project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Docs")[0]


@pytest.fixture
def walk(api: Api, table: Table, tenant: str) -> Callable[[Prepare], Walk]:
    """Watches one request of a container that has its models set up, as all but a container's first find it."""

    def watch(prepare: Prepare) -> Walk:
        prepare(api, table, tenant)()
        send = prepare(api, table, tenant)
        with walked() as found:
            answer = send()
        assert answer.status == 200, answer.text
        assert "isError" not in answer.text
        return found

    return watch


@pytest.mark.parametrize("prepare", [apply, run_task, update_task])
def test_no_file_is_entered_twice_on_the_way_down(walk: Callable[[Prepare], Walk], prepare: Prepare) -> None:
    found = walk(prepare)
    assert {"ledger/tracks.py", "ledger/unit.py", "store/table.py"} <= set(found.way)
    assert found.returns == set()


def test_few_files_hand_a_bulk_apply_on(walk: Callable[[Prepare], Walk]) -> None:
    assert len(walk(apply).way) <= WAY_MAX


def documented(request: str) -> tuple[set[str], set[str]]:
    """Return the files that docs/architecture.md lists for a request: those that call further files, and the leaves."""
    (line,) = (each for each in ARCHITECTURE.read_text().splitlines() if each.startswith(f"| {request} |"))
    way, leaves = (set(_names(cell)) for cell in line.strip("| ").split(" | ")[1:])
    return way, leaves


def _names(cell: str) -> Iterator[str]:
    """Yield the paths of a cell; a bare name lies in the folder of the one before it."""
    folder = ""
    for name in re.findall(r"`([^`]+\.py)`", cell):
        folder = name.rpartition("/")[0] if "/" in name else folder
        yield name if "/" in name else f"{folder}/{name}"


@pytest.mark.parametrize(
    ("request_name", "prepare", "handler"),
    [
        ("`planning.apply_tracks`", apply, "functions/planning/apply_tracks/app.py"),
        ("`projects.run_task`", run_task, "functions/projects/run_task/app.py"),
        ("MCP `update_task`", update_task, "functions/mcp/post_message/app.py"),
    ],
)
def test_the_documented_files_are_those_that_a_request_passes(
    walk: Callable[[Prepare], Walk], request_name: str, prepare: Prepare, handler: str
) -> None:
    found = walk(prepare)
    way, leaves = documented(request_name)
    assert way == {each if each != handler else "functions/…/app.py" for each in found.way}
    assert leaves == set(found.leaves)
