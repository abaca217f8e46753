"""What no route of the deployed API matches, over real HTTP: $default passes on or refuses."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

BODY = {"title": "With a closing slash"}


@pytest.fixture(scope="module")
def http(stack: dict[str, Any]) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    with httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False) as client:
        yield client


def test_a_task_lives_its_life_under_paths_with_a_closing_slash(http: httpx.Client) -> None:
    key = {"idempotency-key": "with-a-closing-slash"}
    made = http.post("/api/projects/@current/tasks/", json=BODY, headers=key)
    assert (made.status_code, made.is_redirect) == (201, False)
    assert http.post("/api/projects/@current/tasks/", json=BODY, headers=key).json()["id"] == made.json()["id"]
    url = f"/api/projects/@current/tasks/{made.json()['id']}/"
    assert http.get(url).json()["title"] == BODY["title"]
    assert http.patch(url, json={"title": "Changed"}).json()["title"] == "Changed"
    assert http.get(url.rstrip("/")).json()["title"] == "Changed"
    assert http.delete(url).status_code == 204
    assert http.get(url).status_code == 404


@pytest.mark.parametrize("spelled", ["@current", "%40current", "no%20project", "a%25b", "Gr%C3%BC%C3%9Fe", "x%2Fy"])
def test_with_and_without_the_slash_a_path_is_read_alike(http: httpx.Client, spelled: str) -> None:
    path = f"/api/projects/{spelled}/tasks"
    one, other, again = (http.get(f"{path}{slash}") for slash in ("", "/", ""))
    # What other tests left changes while the pipeline follows: read until nothing changed meanwhile.
    for _ in range(20):
        if one.json() == again.json():
            break
        one, other, again = again, http.get(f"{path}/"), http.get(path)
    assert one.status_code == other.status_code
    # Links lead on by the path that was asked for.
    assert one.json() == json.loads(other.text.replace("/tasks/?", "/tasks?"))


def test_a_stream_with_a_closing_slash_is_a_stream(http: httpx.Client) -> None:
    task = http.post("/api/projects/@current/tasks/", json=BODY).json()["id"]
    run = http.post(f"/api/projects/@current/tasks/{task}/runs/", json={"environment": "local"}).json()["id"]
    told = http.get(f"/api/projects/@current/tasks/{task}/runs/{run}/stream/?wait=0")
    assert (told.status_code, told.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")


def test_other_methods_are_refused_by_name(http: httpx.Client) -> None:
    refused = http.put("/v1/tracks", json={})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert refused.headers["content-type"] == "application/problem+json"
    refused = http.put("/api/projects/1/tasks/")
    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")


def test_head_and_options_are_answered(http: httpx.Client) -> None:
    assert (http.head("/health").status_code, http.head("/health/").content) == (200, b"")
    assert http.head("/v1/tracks").status_code == 200
    told = http.options("/v1/tracks", headers={"origin": "https://example.test"})
    assert (told.status_code, told.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert "access-control-allow-origin" not in told.headers


def test_what_is_not_there_is_not_found_with_or_without_a_token(http: httpx.Client, stack: dict[str, Any]) -> None:
    for path in ("/nowhere", "/nowhere/", "/api/projects/1/nothing", "/", "//", "/v1/tracks//"):
        for answer in (http.get(path), httpx.get(f"{stack['url']}{path}", trust_env=False)):
            assert answer.status_code == 404, path
            assert answer.headers["x-request-id"]
