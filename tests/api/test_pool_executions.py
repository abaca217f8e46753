"""Executions: runs in the words of the pool."""

from typing import Any

import pytest

from switchyard.domain.ids import new_id
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.planning import make_task
from tests.support.projects import a_tenant


@pytest.fixture(autouse=True)
def _tenant(table: Table, tenant: str) -> None:
    a_tenant(table, tenant, "Docs")


def a_task(api: Api, **fields: Any) -> str:
    return str(
        api.post("/api/v1/tasks", {"title": "Process customer data", "assignedTo": "agent_a", **fields}).json["id"]
    )


def executed(api: Api, task: str, agent: str = "agent_a", **more: Any) -> Any:
    answer = api.post(f"/api/v1/agents/{agent}/execute", {"taskId": task, **more})
    assert answer.status == 201, answer.text
    assert answer.headers["location"] == f"/api/v1/executions/{answer.json['id']}"
    return answer.json


def run_url(execution: Any) -> str:
    task, run = execution["id"].removeprefix("exec_").split(".")
    return f"/api/projects/-/tasks/{task}/runs/{run}"


def move(api: Api, execution: Any, **fields: Any) -> None:
    answer = api.patch(run_url(execution), fields)
    assert answer.status == 200, answer.text


def ids(api: Api, query: str = "") -> list[str]:
    answer = api.get(f"/api/v1/executions{query}")
    assert answer.status == 200, answer.text
    return [each["id"] for each in answer.json]


def test_an_agent_is_executed_and_tracked_to_the_end(api: Api, tenant: str) -> None:
    task = a_task(api)
    made = executed(api, task, message="Be brief.")
    assert (made["taskId"], made["agentId"], made["status"]) == (task, "agent_a", "pending")
    assert (made["organizationId"], made["createdBy"]) == (tenant, "user_ada")
    assert "output" not in made
    assert api.get(run_url(made)).json["state"]["pending_user_message"] == "Be brief."
    move(api, made, status="in_progress")
    assert api.get(f"/api/v1/executions/{made['id']}").json["status"] == "in_progress"
    assert api.get(f"/api/v1/tasks/{task}").json["status"] == "in_progress"
    move(api, made, status="completed", output={"rows": 3})
    shown = api.get(f"/api/v1/executions/{made['id']}").json
    assert (shown["status"], shown["output"]) == ("completed", {"rows": 3})
    assert shown["startedAt"] <= shown["completedAt"]
    assert api.get(f"/api/v1/tasks/{task}").json["status"] == "completed"


def test_a_failed_execution_says_why(api: Api) -> None:
    made = executed(api, a_task(api))
    move(api, made, status="failed", error_message="No data.")
    shown = api.get(f"/api/v1/executions/{made['id']}").json
    assert (shown["status"], shown["error"]) == ("failed", "No data.")


def test_the_list_has_the_latest_of_each_task_and_all_of_one(api: Api) -> None:
    first, second = a_task(api), a_task(api, assignedTo="agent_b")
    a_task(api)
    failed = executed(api, first)
    move(api, failed, status="failed")
    again, other = executed(api, first), executed(api, second, "agent_b")
    assert ids(api) == [other["id"], again["id"]]
    assert ids(api, f"?taskId={first}") == [again["id"], failed["id"]]
    assert ids(api, f"?taskId={first}&status=failed") == [failed["id"]]
    assert ids(api, "?agentId=agent_b") == [other["id"]]
    assert ids(api, f"?taskId={first}&agentId=agent_b") == []
    assert ids(api, "?status=pending") == [other["id"], again["id"]]
    assert ids(api, "?status=completed") == []


def test_pages_lead_on_and_end(api: Api) -> None:
    made = [executed(api, a_task(api))["id"] for _ in range(3)]
    seen, url = [], "/api/v1/executions?limit=2"
    while url:
        answer = api.get(url)
        seen += [each["id"] for each in answer.json]
        link = answer.headers.get("link", "")
        url = link.partition(">")[0].removeprefix("<https://api.test") if link else ""
    assert seen == made[::-1]


def test_a_finished_task_is_not_executed(api: Api) -> None:
    done = a_task(api, status="completed")
    assert api.post("/api/v1/agents/agent_a/execute", {"taskId": done}).status == 409


@pytest.mark.parametrize("agent", ["a%23b", "%20", "a~b", "x" * 129])
def test_an_invalid_agents_id_is_refused(api: Api, agent: str) -> None:
    answer = api.post(f"/api/v1/agents/{agent}/execute", {"taskId": a_task(api)})
    assert answer.status == 400
    assert "id" in answer.json["message"]


def test_what_is_not_in_the_pool_has_no_executions(api: Api, caller: Caller) -> None:
    mine = make_task(api, "Mine", {"type": "personal"})["id"]
    goal = api.post(
        "/v1/tracks", {"type": "goal", "title": "G", "scope": {"type": "projects", "ids": ["a"]}, "goal": {}}
    ).json["id"]
    for task in (mine, goal, new_id()):
        assert api.post("/api/v1/agents/agent_a/execute", {"taskId": task}).status == 404
        assert api.get(f"/api/v1/executions?taskId={task}").status == 404
        assert api.get(f"/api/v1/executions/exec_{task}.{new_id()}").status == 404
    made = executed(api, a_task(api))
    stranger = caller(tenant=new_id())
    assert stranger.get(f"/api/v1/executions/{made['id']}").status == 404
    assert ids(stranger) == []


@pytest.mark.parametrize("given", ["x", "exec_", "exec_a.b", "exec_01a216b7-095d-7002-ab48-c394fccdf3ce", "."])
def test_an_invalid_executions_id_is_not_found(api: Api, given: str) -> None:
    assert api.get(f"/api/v1/executions/{given}").status == 404


def test_scopes_are_asked_for(caller: Caller) -> None:
    reader = caller(scopes=["tasks:read"])
    assert reader.get("/api/v1/executions").status == 200
    assert reader.post("/api/v1/agents/agent_a/execute", {"taskId": new_id()}).status == 403
