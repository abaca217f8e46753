"""Objectives under competition: many writers over real HTTP against the deployed functions."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

WRITERS = 16
TASKS = 200


@pytest.fixture
def client(stack: dict[str, Any]) -> Iterator[httpx.Client]:
    """An agent of the demo tenant."""
    headers = {"authorization": f"Bearer {stack['tokens']['agent']}"}
    with httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False) as made:
        yield made


@pytest.fixture
def base(stack: dict[str, Any]) -> str:
    return f"/v1/workspaces/{stack['workspace_id']}/objectives"


def new(**fields: Any) -> dict[str, Any]:
    return {"agentId": "agent_otto", "systemPromptData": {}, **fields}


def objective(client: httpx.Client, base: str) -> str:
    made = client.post(base, json=new())
    assert made.status_code == 200, made.text
    return made.json()["metadata"]["id"]


def patiently(send: Callable[[], httpx.Response], refused: list[httpx.Response] | None = None) -> httpx.Response:
    """Send as a client does that heeds Retry-After; `refused` gathers the answers that told it to come back."""
    while True:
        answer = send()
        if answer.status_code != 503:
            return answer
        if refused is not None:
            refused.append(answer)
        time.sleep(float(answer.headers["retry-after"]))


def numbers(client: httpx.Client, base: str, of: str) -> list[int]:
    """The numbers of all tasks in the order of the list."""
    found: list[int] = []
    cursor = ""
    while True:
        page = client.get(f"{base}/{of}/tasks", params={"limit": 100, "cursor": cursor}).json()
        found += [each["data"]["number"] for each in page["items"]]
        cursor = page["pagination"]["nextCursor"]
        if not cursor:
            return found


def test_sixteen_writers_number_two_hundred_tasks_without_a_gap_or_a_double(client: httpx.Client, base: str) -> None:
    of = objective(client, base)
    refused: list[httpx.Response] = []

    def add(position: int) -> int:
        answer = patiently(lambda: client.post(f"{base}/{of}/tasks", json={"task": f"Task {position}"}), refused)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["number"]

    with ThreadPoolExecutor(WRITERS) as writers:
        given = list(writers.map(add, range(TASKS)))
    assert sorted(given) == list(range(1, TASKS + 1))
    assert numbers(client, base, of) == list(range(1, TASKS + 1))
    # Requests that ran out of their time limit are the exception, also on a machine with few and busy cores.
    assert len(refused) <= TASKS // 10


def test_tasks_that_enter_by_several_surfaces_at_once_share_one_count(client: httpx.Client, base: str) -> None:
    # given two objectives, and tasks that will move from the first to the second
    source, of = objective(client, base), objective(client, base)
    movers = [
        client.post(f"{base}/{source}/tasks", json={"task": "Move me"}).json()["metadata"]["id"] for _ in range(4)
    ]
    scope = {"type": "personal"}
    drafts = [{"id": f"label-{n}", "title": "Applied", "task": {"goalId": of}} for n in range(5)]
    planned = {"type": "task", "title": "Planned", "scope": scope, "task": {"goalId": of}}

    def send(kind: str, which: int) -> httpx.Response:
        if kind == "planned":
            return client.post("/v1/tracks", json=planned)
        if kind == "applied":
            return client.post("/v1/tracks/apply", json={"scope": scope, "upserts": drafts})
        if kind == "moved":
            return client.patch(f"/v1/tracks/{movers[which]}", json={"task": {"goalId": of}})
        return client.post(f"{base}/{of}/tasks", json={"task": "Written here"})

    # when all of it happens in parallel
    work = [(kind, which) for which in range(4) for kind in ("planned", "applied", "moved", "here")]
    with ThreadPoolExecutor(8) as writers:
        answers = list(writers.map(lambda each: patiently(lambda: send(*each)), work))
    # then each task has a number of its own, and none is left out
    assert [each.status_code for each in answers if each.status_code >= 300] == []
    assert numbers(client, base, of) == list(range(1, 4 * (1 + 5 + 1 + 1) + 1))
    assert numbers(client, base, source) == []


def test_of_creations_with_one_external_id_at_once_one_succeeds(client: httpx.Client, base: str) -> None:
    body = new(metadata={"externalId": f"race {time.time_ns()}"})
    with ThreadPoolExecutor(8) as writers:
        answers = list(writers.map(lambda _: patiently(lambda: client.post(base, json=body)), range(8)))
    (winner,) = [each for each in answers if each.status_code == 200]
    assert {(each.status_code, each.json()["code"]) for each in answers if each is not winner} == {(409, 6)}
    found = client.get(f"{base}/external_id:{body['metadata']['externalId']}")
    assert found.json()["metadata"]["id"] == winner.json()["metadata"]["id"]
