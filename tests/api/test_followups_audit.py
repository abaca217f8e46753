"""The trail of follow-ups: what an agent only suggested, what it changed, and what was refused to it."""

from typing import Any

import pytest

from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.mcp import Mcp
from tests.support.stream import Stream


@pytest.fixture
def agent(caller: Caller) -> Api:
    return caller("agent_mail", kind="agent", scopes=["tasks:read", "tasks:write"])


def newest(api: Api, task_id: str) -> dict[str, Any]:
    """The latest entry of the task's own trail."""
    answer = api.get(f"/v1/audit?track={task_id}")
    assert answer.status == 200, answer.text
    return answer.json["items"][0]


def test_a_completion_by_a_tool_names_agent_source_tool_statuses_and_resource(
    api: Api, agent: Api, stream: Stream
) -> None:
    mcp = Mcp(agent)
    related = {"related_resource_type": "contact", "related_resource_id": "con_123"}
    task = mcp.ok("create_task", title="Call back", **related)["task"]
    stream.settle()
    created = newest(api, task["id"])
    assert (created["action"], created["operation"]) == ("created", "mcp.create_task")
    done = mcp.ok("complete_task", task_id=task["id"], completed_note="Jane replied.")
    stream.settle()
    entry = newest(api, task["id"])
    assert entry["actor"] == {"id": "agent_mail", "kind": "agent", "source": "mcp"}
    assert (entry["action"], entry["outcome"], entry["operation"]) == ("completed", "applied", "mcp.complete_task")
    assert (entry["previousStatus"], entry["newStatus"]) == ("todo", "done")
    assert entry["relatedResource"] == {"type": "contact", "id": "con_123"}
    assert entry["requestId"] == done["request_id"]


def test_a_reopening_over_rest_names_its_route(api: Api, stream: Stream) -> None:
    task = api.post("/v1/tasks", {"title": "Call back"}).json["data"]
    api.patch(f"/v1/tasks/{task['id']}", {"status": "canceled"})
    stream.settle()
    api.patch(f"/v1/tasks/{task['id']}", {"status": "open"})
    stream.settle()
    entry = newest(api, task["id"])
    assert (entry["operation"], entry["actor"]["source"]) == ("followups.update_task", "api")
    assert (entry["previousStatus"], entry["newStatus"]) == ("cancelled", "todo")


def test_a_completion_that_a_tool_was_refused_is_in_the_trail_with_its_error(
    api: Api, agent: Api, caller: Caller, stream: Stream
) -> None:
    worker, other = Mcp(agent), Mcp(caller("agent_b", kind="agent"))
    task = worker.ok("create_task", title="Call back")["task"]
    worker.ok("claim_next_task")
    error = other.refused("update_task", "leased", task_id=task["id"], status="completed")
    stream.settle()
    entry = newest(api, task["id"])
    assert (entry["action"], entry["outcome"]) == ("completed", "refused")
    assert entry["error"] == {"code": "leased", "status": 409}
    assert entry["actor"] == {"id": "agent_b", "kind": "agent", "source": "mcp"}
    assert entry["operation"] == "mcp.update_task"
    assert (entry["previousStatus"], entry["newStatus"]) == ("in_progress", "done")
    assert entry["requestId"] == error["request_id"]


def test_a_completion_of_an_older_version_is_in_the_trail(api: Api, stream: Stream) -> None:
    path = f"/v1/tasks/{api.post('/v1/tasks', {'title': 'Call back'}).json['data']['id']}"
    api.patch(path, {"completed_note": "Half way"})
    assert api.patch(path, {"status": "completed"}, headers={"if-match": '"1"'}).status == 412
    stream.settle()
    entry = newest(api, path.rpartition("/")[2])
    assert (entry["outcome"], entry["error"]["code"]) == ("refused", "precondition_failed")


def test_the_trail_is_read_with_its_own_scope(agent: Api) -> None:
    assert agent.get("/v1/audit").status == 403
