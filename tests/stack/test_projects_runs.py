"""Runs over the projects surface on the deployed stack: many at once, and their way through the workflow."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from switchyard.domain import clock
from switchyard.domain.ids import new_id
from switchyard.store import staged
from switchyard.store.table import Table
from tests.stack.emulated import until

WRITERS, KEYS_EACH = 8, 3


@pytest.fixture
def api(stack: dict[str, Any]) -> Iterator[httpx.Client]:
    """The demo tenant's administrator, below the tasks of its first project."""
    headers = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    address = f"{stack['url']}/api/projects/@current/tasks"
    with httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def task(api: httpx.Client) -> str:
    made = api.post("/", json={"title": "Fix the build"})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def at_once[T](count: int, work: Callable[[int], T]) -> list[T]:
    """Do the work that often at the same moment, each with its number."""
    start = threading.Barrier(count)

    def one(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def stage(table: Table, tenant: str, task: str, *ids: str) -> None:
    table.give(30_000)
    for each in ids:
        path = f"tasks/artifacts/team_{tenant}/task_{task}/staged/{each}/notes.txt"
        entry = {"id": each, "name": "notes.txt", "type": "context", "source": "", "size": 3, "content_type": ""}
        entry |= {"storage_path": path, "uploaded_at": "2026-05-01T00:00:00+00:00"}
        table.write([staged.put(tenant, task, entry, clock.epoch() + 600)])


def test_changes_of_one_run_at_once_lose_no_key(api: httpx.Client, task: str) -> None:
    run = api.post(f"/{task}/runs/", json={}).json()["id"]

    def write(writer: int) -> None:
        for number in range(KEYS_EACH):
            key = f"k{writer}_{number}"
            answer = api.patch(f"/{task}/runs/{run}/", json={"state": {key: writer}, "output": {key: number}})
            assert answer.status_code == 200, answer.text
            assert answer.json()["state"][key] == writer

    at_once(WRITERS, write)
    found = api.get(f"/{task}/runs/{run}/").json()
    keys = {f"k{writer}_{number}" for writer in range(WRITERS) for number in range(KEYS_EACH)}
    assert found["state"].keys() == keys | {"mode"}
    assert found["output"].keys() == keys


def test_of_runs_that_name_the_same_artifact_at_once_one_wins(
    api: httpx.Client, deployed: Table, stack: dict[str, Any], task: str
) -> None:
    own = [new_id().replace("-", "") for _ in range(WRITERS)]
    shared = new_id().replace("-", "")
    stage(deployed, stack["workspace_id"], task, shared, *own)

    def run(number: int) -> httpx.Response:
        return api.post(f"/{task}/run/", json={"pending_user_artifact_ids": [own[number], shared]})

    answers = at_once(WRITERS, run)
    assert sorted(each.status_code for each in answers) == [200] + [400] * (WRITERS - 1)
    for number, answer in enumerate(answers):
        if answer.status_code == 200:
            taken = [each["id"] for each in answer.json()["latest_run"]["artifacts"]]
            assert taken == [own[number], shared]
        else:
            assert answer.json()["missing_artifact_ids"] == [shared]
    # nothing was made for the others, and what they alone had named is still there
    assert api.get(f"/{task}/runs/").json()["count"] == 1
    losers = [own[number] for number, answer in enumerate(answers) if answer.status_code == 400]
    again = api.post(f"/{task}/run/", json={"pending_user_artifact_ids": losers})
    assert [each["id"] for each in again.json()["latest_run"]["artifacts"]] == losers


def test_runs_of_one_task_made_at_once_are_all_counted(api: httpx.Client, task: str) -> None:
    answers = at_once(WRITERS, lambda _: api.post(f"/{task}/run/"))
    assert {each.status_code for each in answers} == {200}
    page = api.get(f"/{task}/runs/").json()
    assert page["count"] == len(page["results"]) == WRITERS
    assert {each.json()["latest_run"]["id"] for each in answers} == {each["id"] for each in page["results"]}
    assert api.get(f"/{task}/").json()["latest_run"]["id"] == page["results"][0]["id"]


def test_one_key_makes_one_run(api: httpx.Client, task: str) -> None:
    headers = {"idempotency-key": new_id()}
    answers = at_once(WRITERS, lambda _: api.post(f"/{task}/run/", headers=headers))
    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["latest_run"]["id"] for each in answers}) == 1
    assert api.get(f"/{task}/runs/").json()["count"] == 1


def test_a_cloud_run_waits_for_its_start_and_is_then_offered(
    api: httpx.Client, stack: dict[str, Any], task: str
) -> None:
    headers = {"authorization": f"Bearer {stack['tokens']['agent']}"}
    other = api.post("/", json={"title": "Another one"}).json()["id"]
    waiting = api.post(f"/{task}/runs/", json={"environment": "cloud"}).json()["id"]
    assert api.post(f"/{other}/run/").status_code == 200
    with httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False) as agent:

        def claim(task: str) -> httpx.Response:
            return agent.post("/v1/runs/claim", json={"wait_seconds": 1, "task": task})

        # the other run, made later, comes through the workflow; this one does not before its start
        until(lambda: claim(other), lambda answer: answer.status_code == 200)
        assert claim(task).status_code == 204
        assert api.post(f"/{task}/runs/{waiting}/start").status_code == 200
        claimed = until(lambda: claim(task), lambda answer: answer.status_code == 200)
        assert claimed.json()["run"]["id"] == waiting


def test_a_run_goes_to_a_local_session_and_comes_back_under_a_new_execution(
    api: httpx.Client, aws: Any, task: str
) -> None:
    resources = aws("cloudformation").describe_stack_resources(StackName="switchyard")["StackResources"]
    machine = next(each["PhysicalResourceId"] for each in resources if each["LogicalResourceId"] == "TaskRunMachine")
    states = aws("stepfunctions")

    def status_of(name: str) -> str | None:
        found = states.list_executions(stateMachineArn=machine, maxResults=100)["executions"]
        return next((each["status"] for each in found if each["name"] == name), None)

    run = api.post(f"/{task}/run/").json()["latest_run"]["id"]
    until(lambda: status_of(run), lambda found: found == "RUNNING")
    assert api.patch(f"/{task}/runs/{run}/", json={"environment": "local"}).status_code == 200
    until(lambda: status_of(run), lambda found: found == "SUCCEEDED")
    assert api.get(f"/{task}/runs/{run}/").json()["status"] == "queued"
    assert api.post(f"/{task}/runs/{run}/resume_in_cloud/").status_code == 200
    until(lambda: status_of(f"{run}-1"), lambda found: found == "RUNNING")
    assert api.post(f"/{task}/runs/{run}/cancel/").json()["status"] == "cancelled"
    until(lambda: status_of(f"{run}-1"), lambda found: found == "SUCCEEDED")
