"""Tasks that are run automatically, on the deployed stack: the stream, the queue and the policies carry it."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from switchyard.admin import Admin

SECONDS_MAX = 30
TASK = {"title": "Analyze", "assignedTo": "agent_a", "assigneeType": "agent"}


@pytest.fixture
def http(stack: dict[str, Any], aws: Any, outputs: dict[str, str]) -> Iterator[httpx.Client]:
    """An administrator of a tenant of the test's own, whose tasks of agents run automatically."""
    admin = Admin(outputs["TableName"], aws("dynamodb"))
    scopes = ["settings:admin", "tasks:read", "tasks:write"]
    issued = admin.issue_token(admin.create_tenant("Acme"), "user_ada", scopes=scopes)
    headers = {"authorization": f"Bearer {issued['token']}"}
    with httpx.Client(base_url=stack["url"], headers=headers, timeout=60, trust_env=False) as made:
        assert made.patch("/v1/tenant", json={"autoRun": "agents"}).json()["autoRun"] == "agents"
        yield made


def executions(http: httpx.Client, task: str, count: int) -> list[Any]:
    """The executions of a task, once there are so many."""
    until = time.monotonic() + SECONDS_MAX
    while True:
        answer = http.get("/api/v1/executions", params={"taskId": task})
        assert answer.status_code == 200, answer.text
        if len(answer.json()) >= count or time.monotonic() > until:
            return list(answer.json())
        time.sleep(0.2)


def test_a_task_of_an_agent_runs_when_it_becomes_ready_and_once(http: httpx.Client) -> None:
    first = http.post("/api/v1/tasks", json=TASK).json()["id"]
    second = http.post("/api/v1/tasks", json={**TASK, "dependsOn": [first]}).json()["id"]
    (made,) = executions(http, first, 1)
    assert (made["agentId"], made["status"], made["createdBy"]) == ("agent_a", "pending", "switchyard")
    assert http.get(f"/api/v1/executions/{made['id']}").json()["taskId"] == first
    assert executions(http, second, 0) == []
    assert http.patch(f"/api/v1/tasks/{first}", json={"status": "in_progress"}).status_code == 200
    assert http.patch(f"/api/v1/tasks/{first}", json={"status": "completed"}).status_code == 200
    (following,) = executions(http, second, 1)
    assert following["status"] == "pending"
    listed = http.get("/api/v1/executions").json()
    assert {each["taskId"] for each in listed} == {first, second}
    assert len(executions(http, first, 1)) == len(executions(http, second, 1)) == 1


def test_an_agent_is_executed_by_name(http: httpx.Client) -> None:
    task = http.post("/api/v1/tasks", json={"title": "By hand"}).json()["id"]
    made = http.post("/api/v1/agents/agent_b/execute", json={"taskId": task, "message": "Now."})
    assert made.status_code == 201, made.text
    assert [each["id"] for each in executions(http, task, 1)] == [made.json()["id"]]
