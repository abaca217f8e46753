"""What depends on others, under the roles of the deployed functions: refused while it waits, done when it does not."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from switchyard.domain.ids import new_id


class Client:
    """An agent's requests."""

    def __init__(self, stack: dict[str, Any], who: str = "agent") -> None:
        headers = {"authorization": f"Bearer {stack['tokens'][who]}"}
        self.http = httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False)
        self.workspace = stack["workspace_id"]

    def task(self, *after: str, **fields: Any) -> str:
        body = {
            "type": "task",
            "title": "T",
            "scope": {"type": "projects", "ids": []},
            "task": {"status": "todo", "dependsOn": list(after), **fields},
        }
        answer = self.http.post("/v1/tracks", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


Act = Callable[[Client, str, str], httpx.Response]

ACTS: dict[str, Act] = {
    "planning": lambda c, task, _: c.http.patch(f"/v1/tracks/{task}", json={"task": {"status": "done"}}),
    "pool": lambda c, task, _: c.http.patch(f"/api/v1/tasks/{task}", json={"status": "in_progress"}),
    "followups": lambda c, task, _: c.http.patch(f"/v1/tasks/{task}", json={"status": "completed"}),
    "objectives": lambda c, task, goal: c.http.patch(
        f"/v1/workspaces/{c.workspace}/objectives/{goal}/tasks/{task}", json={"completed": True}
    ),
    "run": lambda c, task, _: c.http.post(f"/api/projects/-/tasks/{task}/run", json={}),
    "runs": lambda c, task, _: c.http.post(f"/api/projects/-/tasks/{task}/runs", json={"environment": "local"}),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_agent_waits_and_continues(stack: dict[str, Any], act: str) -> None:
    client = Client(stack)
    goal = client.http.post(
        "/v1/tracks", json={"type": "goal", "title": "G", "scope": {"type": "projects", "ids": []}}
    ).json()["id"]
    first = client.task()
    second = client.task(first, goalId=goal)
    refused = ACTS[act](client, second, goal)
    assert (refused.status_code, first in refused.text) == (409, True), refused.text
    assert client.http.patch(f"/v1/tracks/{first}", json={"task": {"status": "done"}}).status_code == 200
    answer = ACTS[act](client, second, goal)
    assert answer.status_code in (200, 201), answer.text


def test_a_run_begins_and_ends_when_what_its_task_depends_on_is_done(stack: dict[str, Any]) -> None:
    client = Client(stack)
    first = client.task(status="done")
    task = client.task(first)
    runs = f"/api/projects/-/tasks/{task}/runs"
    run = client.http.post(runs, json={"environment": "cloud"}).json()["id"]
    for method, path, body in (
        ("POST", f"{runs}/{run}/start", {}),
        ("PATCH", f"{runs}/{run}", {"status": "in_progress"}),
        ("PATCH", f"{runs}/{run}", {"status": "failed"}),
        ("POST", f"{runs}/{run}/resume_in_cloud", {}),
        ("PATCH", f"{runs}/{run}", {"status": "completed"}),
    ):
        answer = client.http.request(method, path, json=body)
        assert answer.status_code == 200, (path, body, answer.text)
    assert client.http.get(f"/v1/tracks/{task}").json()["task"]["status"] == "done"


def test_a_person_overrules_and_a_refusal_is_recorded(stack: dict[str, Any]) -> None:
    person = Client(stack, "admin")
    first = person.task()
    second = person.task(first)
    answer = person.http.patch(f"/v1/tasks/{second}", json={"status": "completed"})
    assert (answer.status_code, answer.headers["dependencies-overruled"]) == (200, f"task_{first}")
    assert person.http.patch(f"/v1/tasks/{new_id()}", json={"status": "completed"}).status_code == 404


def test_the_list_of_all_has_tasks_of_no_project(stack: dict[str, Any]) -> None:
    client = Client(stack)
    task = client.task()
    assert task in [each["id"] for each in client.http.get("/api/projects/-/tasks").json()["results"]]
