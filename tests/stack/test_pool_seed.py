"""Every request that the pool's document prints, over real HTTP to the deployed stack."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.test_pool_seed import BODIES, QUERIES

TASKS = "/api/v1/tasks"


@pytest.fixture(scope="module")
def http(stack: dict[str, Any]) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {stack['tokens']['admin']}", "content-type": "application/json"}
    with httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("example", BODIES)
def test_every_printed_task_is_created(http: httpx.Client, example: str) -> None:
    answer = http.post(TASKS, content=BODIES[example])
    assert answer.status_code == 201, answer.text
    sent = json.loads(BODIES[example])
    assert {name: answer.json()[name] for name in sent} == sent
    assert http.get(f"{TASKS}/{answer.json()['id']}").json() == answer.json()


@pytest.mark.parametrize("query", QUERIES)
def test_every_printed_list_is_answered_by_tasks_that_fit(http: httpx.Client, query: str) -> None:
    answer = http.get(TASKS + query)
    assert answer.status_code == 200
    wanted = dict(pair.split("=") for pair in query[1:].split("&") if pair and "limit" not in pair)
    assert all(task.get(name) == value for task in answer.json() for name, value in wanted.items())


def test_the_link_to_the_next_page_can_be_followed_as_it_is(http: httpx.Client) -> None:
    made = [http.post(TASKS, json={"title": "Page", "spaceId": "links"}).json()["id"] for _ in range(3)]
    first = http.get(f"{TASKS}?spaceId=links&limit=2")
    second = http.get(first.links["next"]["url"])
    seen = [task["id"] for task in first.json() + second.json()]
    assert seen[:3] == made[::-1]


def test_the_static_paths_win_over_ids(http: httpx.Client) -> None:
    assert isinstance(http.get(f"{TASKS}/ready").json(), list)
    assert http.post(f"{TASKS}/claim", json={"spaceId": "no such space"}).status_code == 204


def test_an_unknown_task_and_a_bad_token_get_the_documented_errors(http: httpx.Client) -> None:
    missing = http.get(f"{TASKS}/task_abc123")
    assert (missing.status_code, missing.json()["statusMessage"]) == (404, "Not Found")
    refused = http.get(TASKS, headers={"authorization": "Bearer td_xxxxx"})
    assert refused.json() == {
        "error": True,
        "statusCode": 401,
        "statusMessage": "Unauthorized",
        "message": "Invalid or expired token",
    }
