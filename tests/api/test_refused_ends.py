"""A completion that is refused before its task was read is in the audit trail, whatever it was refused for."""

import json
from typing import Any

import pytest

from switchyard.domain.ids import new_id
from switchyard.store import keys
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.mcp import Mcp
from tests.support.planning import make_goal, make_task
from tests.support.published import Published
from tests.support.stream import Stream


@pytest.fixture
def task(api: Api) -> str:
    return str(make_task(api, goalId=make_goal(api)["id"])["id"])


WAYS = ["planning", "apply", "pool", "followups", "objectives", "mcp", "mcp plan"]


def complete(client: Api, tenant: str, way: str, task: str, goal: str, **more: Any) -> Answer:
    match way:
        case "planning":
            return client.patch(f"/v1/tracks/{task}", {"task": {"status": "done"}, **more})
        case "apply" | "mcp plan":
            draft = {"id": task, "task": {"status": "done"}}
            name = "updateDrafts" if way == "apply" else "drafts"
            body = {name: [{"id": "new", "title": "N", "task": {}}, draft], **more}
            if way == "apply":
                return client.post("/v1/tracks/apply", {"scope": {"type": "personal"}, **body})
            return Mcp(client).request("tools/call", {"name": "plan_work", "arguments": body})
        case "pool":
            return client.patch(f"/api/v1/tasks/{task}", {"status": "completed", **more})
        case "followups":
            return client.patch(f"/v1/tasks/{task}", {"status": "completed", **more})
        case "objectives":
            return client.patch(f"/v1/workspaces/{tenant}/objectives/{goal}/tasks/{task}", {"completed": True, **more})
        case _:
            arguments = {"task_id": task, "status": "completed", **more}
            return Mcp(client).request("tools/call", {"name": "update_task", "arguments": arguments})


def entries(api: Api, query: str = "") -> list[Any]:
    found: list[Any] = Published(api).ok("GET", f"/v1/audit{query}")["items"]
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("why", ["scope", "body", "id"])
def test_a_completion_that_is_refused_early_keeps_its_error_and_is_found_by_its_request(
    api: Api, caller: Caller, tenant: str, stream: Stream, task: str, way: str, why: str
) -> None:
    goal = api.get(f"/v1/tracks/{task}").json["task"]["goalId"]
    scopes = ["tasks:read"] if why == "scope" else ["tasks:read", "tasks:write"]
    client = caller("agent_bo", kind="agent", scopes=scopes)
    named = new_id() if why == "id" else task
    answer = complete(client, tenant, way, named, goal, **({"nonsense": 1} if why == "body" else {}))
    stream.settle()
    (entry,) = entries(api, f"?requestId={answer.headers['x-request-id']}")
    assert entry == entries(api, f"?track={named}")[0]
    status, code = {
        "scope": (403, "missing_required_scope"),
        "body": (400, "validation_failed"),
        "id": (422, "unknown_reference") if way in ("apply", "mcp plan") else (404, "resource_not_found"),
    }[why]
    assert entry["error"] == {"code": code, "status": status}
    assert (entry["outcome"], entry["action"], entry["newStatus"]) == ("refused", "completed", "done")
    assert (entry["previousStatus"], entry["track"]["id"]) == (None, named)
    assert entry["actor"]["id"] == "agent_bo"


def test_a_change_that_does_not_end_a_task_leaves_no_entry(
    api: Api, caller: Caller, tenant: str, stream: Stream
) -> None:
    reader = caller(scopes=["tasks:read"])
    unknown = new_id()
    reader.patch(f"/v1/tasks/{unknown}", {"status": "open"})
    reader.patch(f"/v1/tasks/{unknown}", {"completed_note": "x"})
    reader.request("PATCH", f"/v1/tasks/{unknown}", text='{"status": ')
    for odd in ({"status": ["completed"]}, {"status": {"a": 1}}, {"status": 1}):
        assert reader.patch(f"/api/v1/tasks/{unknown}", odd).status == 403
        assert reader.patch(f"/v1/tasks/{unknown}", odd).status == 403
        assert reader.patch(f"/v1/tracks/{unknown}", {"task": odd}).status == 403
    api.patch(f"/v1/tasks/{unknown}", {"status": "open"})
    Api("sy_damaged").patch(f"/v1/tasks/{unknown}", {"status": "completed"})
    stream.settle()
    assert entries(api) == []


def test_a_caller_without_scopes_writes_one_short_row_a_request_that_expires(
    api: Api, caller: Caller, tenant: str, stream: Stream
) -> None:
    nobody = caller("agent_bo", kind="agent", scopes=["user:write"])
    stream.settle()
    before = stream.scan()
    body = {"status": "completed", "completed_note": "x" * 100_000}
    assert nobody.patch(f"/v1/tasks/{'y' * 500}", body).status == 403
    new = {key: row for key, row in stream.scan().items() if key not in before}
    (((_, sort), row),) = new.items()
    assert sort.startswith(keys.ATTEMPT)
    assert "expires_at" in row
    assert len(json.dumps(row)) < 2_000
    stream.settle()
    (kept,) = [row for (pk, _), row in stream.scan().items() if pk.startswith("AUDIT#")]
    assert "expires_at" in kept


def test_a_refusal_after_the_task_was_read_is_recorded_once(api: Api, stream: Stream, task: str) -> None:
    stream.settle()
    answer = api.patch(f"/v1/tracks/{task}", {"task": {"status": "done", "dependsOn": [new_id()]}})
    assert answer.status == 422
    stream.settle()
    found = entries(api, f"?requestId={answer.headers['x-request-id']}")
    assert [each["error"]["code"] for each in found] == ["unknown_reference"]
