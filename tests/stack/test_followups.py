"""Follow-ups and MCP over HTTP: many clients with one key, and what only a deployed gateway shows."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest


@pytest.fixture
def agent(stack: dict[str, Any]) -> httpx.Client:
    headers = {"authorization": f"Bearer {stack['tokens']['agent']}"}
    return httpx.Client(base_url=stack["url"], headers=headers, timeout=30)


def tool(name: str, **arguments: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


def test_many_retries_of_one_create_make_one_task(agent: httpx.Client) -> None:
    body = {"title": "Once", "related_resource_type": "deal", "related_resource_id": uuid4().hex}
    keyed = {**body, "idempotency_key": uuid4().hex}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: agent.post("/v1/tasks", json=keyed), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    listed = agent.get("/v1/tasks", params={name: body[name] for name in body if name != "title"}).json()
    assert [task["id"] for task in listed["data"]] == [answers[0].json()["data"]["id"]]


def test_many_retries_of_one_tool_call_make_one_task(agent: httpx.Client) -> None:
    related = {"related_resource_type": "company", "related_resource_id": uuid4().hex}
    message = tool("create_task", title="Once", idempotency_key=uuid4().hex, **related)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: agent.post("/mcp", json=message), range(16)))
    assert len({json.dumps(answer.json()["result"]) for answer in answers}) == 1
    listed = agent.get("/v1/tasks", params=related).json()["data"]
    assert [(task["title"], task["source"]) for task in listed] == [("Once", "mcp")]


def test_agents_that_claim_at_once_get_a_task_each(agent: httpx.Client) -> None:
    project = uuid4().hex
    drafts = [{"id": f"t{number}", "title": f"Task {number}", "task": {}} for number in range(6)]
    agent.post("/mcp", json=tool("plan_work", drafts=drafts, scope={"type": "projects", "ids": [project]}))
    message = tool("claim_next_task", project_id=project)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: agent.post("/mcp", json=message).json()["result"], range(8)))
    claimed = [each["structuredContent"]["task"]["id"] for each in answers if "task" in each["structuredContent"]]
    assert len(claimed) == len(set(claimed)) == 6


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_gateway_lets_no_stream_or_session_begin(agent: httpx.Client, method: str) -> None:
    answer = agent.request(method, "/mcp")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_client_without_a_token_is_led_to_the_metadata(stack: dict[str, Any]) -> None:
    """API Gateway hands the challenge on under another name; the metadata lie where clients look without it, too."""
    answer = httpx.post(stack["mcp_url"], json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert answer.status_code == 401
    assert "/.well-known/oauth-protected-resource/mcp" in answer.headers["x-amzn-remapped-www-authenticate"]
    for path in ("", "/mcp"):
        metadata = httpx.get(f"{stack['url']}/.well-known/oauth-protected-resource{path}")
        assert metadata.json()["resource"].endswith("/mcp")
