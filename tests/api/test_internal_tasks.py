"""Internal tasks: in no list but the project's own, for administrators that ask for them; found by their ids."""

import json
from typing import Any

import pytest

from switchyard.domain.tracks import Track
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.lists import DUE, lists_of
from tests.support.projects import a_task, a_tenant


@pytest.fixture
def pair(table: Table, tenant: str) -> tuple[Track, Track]:
    """An internal task, and one like it that is not."""
    (project,) = a_tenant(table, tenant, "Docs")
    goal = a_task(table, project, "Goal", "goal")
    blocker, parent = a_task(table, project, "Blocker", status="done"), a_task(table, project, "Parent")
    fields: dict[str, Any] = {
        "status": "todo",
        "due": DUE,
        "goal_id": goal.id,
        "parent_id": parent.id,
        "depends_on": (blocker.id,),
        "assignee": "user_bo",
        "related_type": "deal",
        "related_id": "7",
    }
    return tuple(a_task(table, project, "Quarterly review", internal=each, **fields) for each in (True, False))  # type: ignore[return-value]


@pytest.mark.parametrize("scopes", [["tasks:read", "tasks:write"], None])
def test_an_internal_task_is_in_no_list(pair: tuple[Track, Track], caller: Caller, scopes: list[str] | None) -> None:
    internal, shown = pair
    api = caller("user_bo", scopes=scopes)
    for method, path, body in lists_of(shown):
        answer = api.request(method, path, body)
        assert answer.status == 200, answer.text
        text = json.dumps(answer.json)
        # the ready ones wait for the pipeline to look at their dependencies
        assert (shown.id in text) is ("/ready" not in path), (path, body)
        assert internal.id not in text, (path, body)


def test_an_internal_task_is_not_drawn_from_the_pool(table: Table, tenant: str, api: Api) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    a_task(table, project, status="todo", internal=True, priority="urgent")
    assert api.get("/api/v1/tasks/ready").json == []
    assert api.post("/api/v1/tasks/claim", {}).status == 204


def test_administrators_list_internal_tasks_when_they_ask(pair: tuple[Track, Track], api: Api, caller: Caller) -> None:
    internal, shown = pair

    def listed(by: Api) -> set[str]:
        return {each["id"] for each in by.get("/api/projects/1/tasks?internal=true").json["results"]}

    assert listed(api) == {internal.id}
    assert shown.id in listed(caller("user_bo", scopes=["tasks:read"]))
    assert internal.id not in listed(caller("user_bo", scopes=["tasks:read"]))


def test_an_internal_task_is_found_by_its_id_and_in_its_goal(pair: tuple[Track, Track], caller: Caller) -> None:
    internal, _ = pair
    api = caller("user_bo", scopes=["tasks:read"])
    for path in (f"/v1/tracks/{internal.id}", f"/api/v1/tasks/task_{internal.id}", f"/v1/tasks/{internal.id}"):
        assert api.get(path).status == 200
    assert internal.id in api.get(f"/v1/tracks/{internal.goal_id}/graph").text


def test_a_task_that_is_no_longer_internal_is_listed_again(pair: tuple[Track, Track], api: Api) -> None:
    internal, _ = pair
    assert api.patch(f"/api/projects/1/tasks/{internal.id}", {"internal": False}).status == 200
    assert internal.id in api.get("/v1/tracks").text
