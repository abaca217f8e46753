"""Where a task is, and who is to do it, is the same on every surface: spaces, lists of no project, ids of agents."""

from collections import Counter
from typing import Any

import pytest

from switchyard.store import homes, keys
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.mcp import Mcp
from tests.support.planning import change, make_goal, make_task
from tests.support.projects import a_task, a_tenant
from tests.support.stream import Stream

TASKS = "/api/v1/tasks"
ALL = "/api/projects/-/tasks"


def listed(api: Api, url: str) -> list[str]:
    answer = api.get(url)
    assert answer.status == 200, answer.text
    found = answer.json["results"] if isinstance(answer.json, dict) else answer.json
    return [each["id"].removeprefix("task_") for each in found]


# ---------------------------------------------------------------- spaces


def test_a_space_has_the_tasks_that_show_it(api: Api) -> None:
    both = make_task(api, scope={"type": "projects", "ids": ["p1", "p2"]})["id"]
    second = make_task(api, scope={"type": "projects", "ids": ["p2"]})["id"]
    for path in (TASKS, f"{TASKS}/ready"):
        assert listed(api, f"{path}?spaceId=p2") == [second]
        assert listed(api, f"{path}?spaceId=p1") == [both]
    assert api.post(f"{TASKS}/claim", {"spaceId": "p2"}).json["spaceId"] == "p2"
    assert api.post(f"{TASKS}/claim", {"spaceId": "p2"}).status == 204


# ---------------------------------------------------------------- ids of agents


@pytest.mark.parametrize("way", ["create", "PATCH"])
def test_an_agents_id_counts_as_an_agent_whatever_kind_the_pool_shows(api: Api, caller: Caller, way: str) -> None:
    goal = make_goal(api)["id"]
    if way == "create":
        task = api.post(TASKS, {"title": "T", "assignedTo": "agent_bo"}).json
    else:
        task = api.post(TASKS, {"title": "T"}).json
        task = api.patch(f"{TASKS}/{task['id']}", {"assignedTo": "agent_bo"}).json
    assert task["assigneeType"] == "user"
    task_id = task["id"].removeprefix("task_")
    change(api, {"id": task_id}, {"task": {"goalId": goal}})
    assert api.post(f"/v1/tracks/{goal}/run", {}).status == 201
    assert api.post(f"/api/projects/-/tasks/{task_id}/run", {}).json["latest_run"]["agent"] == "agent_bo"


def test_a_worker_that_wants_agents_tasks_finds_those_of_its_id(api: Api, caller: Caller) -> None:
    api.post(TASKS, {"title": "T", "assignedTo": "agent_bo"})
    agent = caller("agent_bo", kind="agent")
    assert [each["title"] for each in agent.get(f"{TASKS}/ready?assigneeType=agent").json] == ["T"]
    assert agent.get(f"{TASKS}/ready?assigneeType=user").json == []
    assert agent.post(f"{TASKS}/claim", {"assigneeType": "agent"}).status == 200


def test_a_client_that_names_the_kind_gets_it(api: Api) -> None:
    task = api.post(TASKS, {"title": "T", "assignedTo": "bo", "assigneeType": "agent"}).json
    assert task["assigneeType"] == "agent"
    assert api.patch(f"{TASKS}/{task['id']}", {"assignedTo": "ben", "assigneeType": "agent"}).json == {
        **task,
        "assignedTo": "ben",
        "updatedAt": api.get(f"{TASKS}/{task['id']}").json["updatedAt"],
    }
    assert api.patch(f"{TASKS}/{task['id']}", {"assignedTo": "ada"}).json["assigneeType"] == "user"


# ---------------------------------------------------------------- tasks of no project


def test_tasks_of_no_project_are_in_the_list_of_all(api: Api, table: Table, tenant: str, caller: Caller) -> None:
    project = a_tenant(table, tenant, "Docs")[0]
    inside = make_task(api, scope={"type": "projects", "ids": [project.id]})["id"]
    made = [
        api.post(TASKS, {"title": "Pool"}).json["id"],
        api.post(TASKS, {"title": "Space", "spaceId": "docs"}).json["id"],
        api.post("/v1/tasks", {"title": "Follow up"}).json["data"]["id"],
        Mcp(api).ok("create_task", title="Tool")["task"]["id"],
    ]
    mine = make_task(api, scope={"type": "personal"})["id"]
    everything = [mine, *(each.removeprefix("task_") for each in reversed(made)), inside]
    assert listed(api, ALL) == everything
    assert listed(api, "/api/projects/@current/tasks") == [inside]
    assert listed(caller("user_bo"), ALL) == everything[1:]
    api.patch(f"/api/projects/-/tasks/{everything[1]}", {"archived": True})
    assert listed(api, ALL) == [mine, *everything[2:]]
    assert listed(api, f"{ALL}?archived=true") == everything[1:2]
    found = api.post(f"{ALL}/summaries", {"ids": everything}).json
    assert found["count"] == 6


def test_the_list_of_all_leads_from_page_to_page(api: Api, table: Table, tenant: str) -> None:
    a_tenant(table, tenant, "Docs")
    made = [make_task(api)["id"] for _ in range(5)]
    url, found = f"{ALL}?limit=2", []
    while url:
        page = api.get(url).json
        found += [each["id"] for each in page["results"]]
        url = (page["next"] or "").partition("api.test")[2]
    assert found == made[::-1]


def test_planning_takes_the_scope_that_it_shows(api: Api) -> None:
    task = api.post("/v1/tasks", {"title": "T"}).json["data"]["id"].removeprefix("task_")
    shown = api.get(f"/v1/tracks/{task}").json
    assert shown["scope"] == {"type": "projects", "ids": []}
    assert change(api, shown, {"scope": shown["scope"]}) == shown
    body: Any = {"type": "task", "title": "New", "scope": shown["scope"]}
    assert api.post("/v1/tracks", body).json["scope"] == shown["scope"]


def test_who_holds_a_task_shows_wherever_there_is_a_place_for_it(api: Api, caller: Caller) -> None:
    task = api.post(TASKS, {"title": "T"}).json["id"]
    agent = caller("agent_bo", kind="agent")
    claim = agent.post(f"{TASKS}/{task}/claim", {}).json["claim"]
    assert claim["holder"] == "agent_bo"
    assert api.get(f"{TASKS}/{task}").json["claim"] == claim
    assert api.get(f"/v1/tracks/{task}").json["claim"] == claim
    assert [each["claim"] for each in api.get("/v1/tracks").json["items"]] == [claim]
    assert "claim" not in agent.post(f"{TASKS}/{task}/release", {}).json
    assert api.get(f"/v1/tracks/{task}").json["claim"] is None


class Counting:
    """A client of DynamoDB that counts the calls that pass."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls: Counter[str] = Counter()

    def __getattr__(self, operation: str) -> Any:
        self.calls[operation] += 1
        return getattr(self.client, operation)


def test_tasks_of_a_batch_are_counted_together(table: Table, tenant: str) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    for number in range(20):
        a_task(table, project, title=f"T{number}", repository="acme/site")
    stream, client = Stream(table, tenant), Counting(table.client)
    records = stream.collect()
    home = keys.home(tenant, project.id, "open")
    for _ in range(2):  # a batch that is delivered again counts nothing twice
        assert stream.deliver(records, client) == []
        assert homes.total(table, [home]) == 20
        # At most 14 tasks in one transaction, where each alone would take its own.
        assert client.calls["transact_write_items"] == 2
