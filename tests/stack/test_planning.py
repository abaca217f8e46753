"""Planning over real HTTP, many clients at once: what competes is decided by conditions, never by luck."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

SCOPE = {"type": "projects", "ids": ["planning"]}


@pytest.fixture(scope="module")
def client(stack: dict[str, Any]) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    limits = httpx.Limits(max_connections=32)
    with httpx.Client(base_url=stack["url"], headers=headers, timeout=60, limits=limits) as made:
        yield made


def at_once(calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    """Make all calls at the same time, each on a thread of its own."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def task(client: httpx.Client, **fields: Any) -> str:
    answer = client.post("/v1/tracks", json={"type": "task", "title": "Task", "scope": SCOPE, "task": fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_the_documents_examples_answer_as_documented(client: httpx.Client) -> None:
    personal = {"type": "task", "title": "Review API docs", "scope": {"type": "personal"}}
    personal["task"] = {"status": "todo", "dueDate": "2026-06-05"}
    goal = {"type": "goal", "title": "Ship docs v1", "scope": {"type": "projects", "ids": ["project-id"]}}
    goal["goal"] = {"status": "on_track", "progress": 40}
    drafts = [
        {"id": "t001", "title": "Task A", "task": {"status": "todo"}},
        {"id": "t002", "title": "Task B", "task": {"status": "todo", "dependsOn": ["t001"]}},
    ]
    made = [client.post("/v1/tracks", json=each) for each in (personal, goal)]
    applied = client.post("/v1/tracks/apply", json={"scope": {"type": "personal"}, "updateDrafts": drafts})

    assert [each.status_code for each in (*made, applied)] == [201, 201, 200]
    assert client.get(f"/v1/tracks/{made[0].json()['id']}").json() == made[0].json()
    assert made[1].json()["goal"] == {
        "status": "on_track",
        "dueDate": None,
        "progress": 40,
        "dependsOn": [],
        "parentId": None,
    }
    first, second = applied.json()["results"]
    assert client.get(f"/v1/tracks/{second['id']}").json()["task"]["dependsOn"] == [first["id"]]


def test_one_key_used_by_sixteen_clients_at_once_creates_one_track(client: httpx.Client) -> None:
    body = {"type": "task", "title": "Once", "scope": SCOPE}
    headers = {"idempotency-key": uuid4().hex}
    answers = at_once([lambda: client.post("/v1/tracks", json=body, headers=headers)] * 16)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1


def test_updates_of_one_track_at_once_are_all_applied_one_after_the_other(client: httpx.Client) -> None:
    track = task(client)
    priorities = ["low", "high", "urgent", "medium"] * 3
    changes = [{"title": f"Title {n}", "priority": priority} for n, priority in enumerate(priorities)]
    answers = at_once([lambda each=each: client.patch(f"/v1/tracks/{track}", json=each) for each in changes])
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 14))
    last = max(answers, key=lambda answer: answer.json()["version"])
    assert client.get(f"/v1/tracks/{track}").json() == last.json()


def test_of_updates_that_name_the_same_version_one_wins(client: httpx.Client) -> None:
    track = task(client)
    headers = {"if-match": '"1"'}
    calls = [
        lambda n=n: client.patch(f"/v1/tracks/{track}", json={"title": f"T{n}"}, headers=headers) for n in range(8)
    ]
    assert Counter(answer.status_code for answer in at_once(calls)) == {200: 1, 412: 7}


def test_two_dependencies_that_close_a_circle_together_never_both_stand(client: httpx.Client) -> None:
    for _ in range(10):
        a, b = task(client), task(client)
        answers = at_once(
            [
                lambda a=a, b=b: client.patch(f"/v1/tracks/{a}", json={"task": {"dependsOn": [b]}}),
                lambda a=a, b=b: client.patch(f"/v1/tracks/{b}", json={"task": {"dependsOn": [a]}}),
            ]
        )
        assert sorted(answer.status_code for answer in answers) == [200, 422]
        refused = next(answer.json() for answer in answers if answer.status_code == 422)
        assert refused["cycle"][0] == refused["cycle"][-1]
        assert set(refused["cycle"]) == {a, b}


def test_an_apply_with_one_bad_draft_writes_nothing(client: httpx.Client) -> None:
    title = uuid4().hex
    gone = task(client)
    assert client.delete(f"/v1/tracks/{gone}").status_code == 204
    drafts = [{"id": f"d{n}", "title": title, "task": {}} for n in range(20)]
    drafts.append({"id": "bad", "title": title, "task": {"parentId": gone}})
    answer = client.post("/v1/tracks/apply", json={"scope": SCOPE, "updateDrafts": drafts})
    assert answer.status_code == 422
    found = client.post("/v1/tracks/search", json={"type": "task", "query": title})
    assert found.json()["items"] == []


def test_a_hundred_drafts_land_together(client: httpx.Client) -> None:
    title = uuid4().hex
    drafts = [{"id": f"d{n}", "title": title, "task": {"parentId": "d0"} if n else {}} for n in range(100)]
    answer = client.post("/v1/tracks/apply", json={"scope": SCOPE, "updateDrafts": drafts})
    assert answer.status_code == 200, answer.text
    root = answer.json()["results"][0]["id"]
    seen, cursor = [], None
    while True:
        query = {"scope": "projects", "parentId": root, "limit": 40} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/tracks", params=query).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 99


def test_a_revoked_token_is_refused_within_a_minute(client: httpx.Client, stack: dict[str, Any]) -> None:
    issued = client.post("/v1/tokens", json={"actor": {"id": "agent_short", "kind": "agent"}, "scopes": ["tasks:read"]})
    assert issued.status_code == 201, issued.text
    headers = {"authorization": f"Bearer {issued.json()['token']}"}
    url = f"{stack['url']}/v1/tracks?scope=projects&limit=1"
    assert httpx.get(url, headers=headers).status_code == 200
    assert client.delete(f"/v1/tokens/{issued.json()['id']}").status_code == 204
    revoked = time.monotonic()
    while httpx.get(url, headers=headers).status_code != 401:
        assert time.monotonic() - revoked < 60
        time.sleep(1)


def test_another_tenant_sees_and_changes_nothing(client: httpx.Client, stack: dict[str, Any]) -> None:
    track = task(client)
    stranger = {"authorization": f"Bearer {stack['tokens']['other_tenant']}"}
    with httpx.Client(base_url=stack["url"], headers=stranger, timeout=60) as other:
        assert other.get(f"/v1/tracks/{track}").status_code == 404
        assert other.patch(f"/v1/tracks/{track}", json={"title": "Mine"}).status_code == 404
        assert other.delete(f"/v1/tracks/{track}").status_code == 404
        body = {"type": "task", "title": "T", "scope": SCOPE, "task": {"parentId": track}}
        assert other.post("/v1/tracks", json=body).status_code == 422
        assert track not in [each["id"] for each in other.get("/v1/tracks").json()["items"]]
