"""The MCP server: both generations of the protocol, the tools, and everything it refuses."""

import base64
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from switchyard.domain import clock
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.ledger import runs, system, tracks
from switchyard.ledger.unit import Unit
from switchyard.mcp import server
from switchyard.mcp.tools import TOOLS
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.mcp import STATELESS, Mcp
from tests.support.runs import Runs


@pytest.fixture
def mcp(api: Api) -> Mcp:
    return Mcp(api)


def error_of(answer: Answer, status: int, code: int) -> dict[str, Any]:
    assert answer.status == status, answer.text
    assert answer.json["jsonrpc"] == "2.0"
    assert answer.json["error"]["code"] == code, answer.text
    assert answer.json["error"]["message"]
    return answer.json


# ---------------------------------------------------------------- the seed's examples


def test_the_examples_of_the_document_give_its_answers(mcp: Mcp) -> None:
    created = mcp.ok(
        "create_task",
        title="Follow up with Jane Doe",
        related_resource_type="contact",
        related_resource_id="con_123",
    )
    task = created["task"]
    assert (task["title"], task["status"]) == ("Follow up with Jane Doe", "open")
    assert set(created) == {"task", "request_id"}
    listed = mcp.ok("list_tasks", status="open", limit=25)
    assert [(each["id"], each["title"], each["status"]) for each in listed["tasks"]] == [
        (task["id"], "Follow up with Jane Doe", "open")
    ]
    assert set(listed) == {"tasks", "request_id"}
    completed = mcp.ok("complete_task", task_id=task["id"], completed_note="Jane replied.")["task"]
    assert (completed["id"], completed["status"]) == (task["id"], "completed")
    updated = mcp.ok(
        "update_task", task_id=task["id"], status="completed", completed_note="Jane confirmed the next call."
    )["task"]
    assert (updated["status"], updated["completed_note"]) == ("completed", "Jane confirmed the next call.")


# ---------------------------------------------------------------- the protocol with initialize


@pytest.mark.parametrize("version", ["2025-03-26", "2025-06-18", "2025-11-25"])
def test_initialize_echoes_the_revision_and_keeps_nothing(mcp: Mcp, version: str) -> None:
    answer = mcp.request("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t"}})
    result = answer.json["result"]
    assert result["protocolVersion"] == version
    assert result["capabilities"] == {"tools": {}}
    assert result["serverInfo"]["name"] == "switchyard"
    assert "mcp-session-id" not in answer.headers
    assert mcp.post({"jsonrpc": "2.0", "method": "notifications/initialized"}).status == 202


@pytest.mark.parametrize("version", ["2024-01-01", "2026-07-28", None, 7])
def test_initialize_offers_the_newest_revision_it_knows_instead_of_another(mcp: Mcp, version: Any) -> None:
    result = mcp.request("initialize", {"protocolVersion": version}).json["result"]
    assert result["protocolVersion"] == "2025-11-25"


def test_ping_is_answered_with_an_empty_result(mcp: Mcp) -> None:
    assert mcp.request("ping").json == {"jsonrpc": "2.0", "id": 1, "result": {}}


def test_notifications_and_answers_are_taken_without_a_word(mcp: Mcp) -> None:
    for message in (
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
    ):
        answer = mcp.post(message)
        assert (answer.status, answer.text) == (202, "")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_streams_and_sessions_are_refused_and_post_is_named(method: str) -> None:
    answer = Api(None).request(method, "/mcp")
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


# ---------------------------------------------------------------- the protocol without


def test_the_newest_revision_is_discovered(mcp: Mcp) -> None:
    answer = mcp.stateless("server/discover")
    assert answer.status == 200
    result = answer.json["result"]
    assert result["supportedVersions"] == ["2025-03-26", "2025-06-18", "2025-11-25", STATELESS]
    assert result["capabilities"] == {"tools": {}}
    assert (result["resultType"], result["cacheScope"]) == ("complete", "public")
    assert result["ttlMs"] > 0
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "switchyard"


def test_a_stateless_call_answers_like_any_other(mcp: Mcp) -> None:
    answer = mcp.stateless("tools/call", name="create_task", arguments={"title": "Call back"})
    result = answer.json["result"]
    assert (answer.status, result["resultType"]) == (200, "complete")
    assert result["structuredContent"]["task"]["title"] == "Call back"
    listed = mcp.stateless("tools/list").json["result"]
    assert len(listed["tools"]) == len(TOOLS)
    assert listed["ttlMs"] > 0


def test_a_name_that_no_header_can_hold_comes_as_base64(mcp: Mcp) -> None:
    name = f"=?base64?{base64.b64encode(b'create_task').decode()}?="
    answer = mcp.stateless("tools/call", {"mcp-name": name}, name="create_task", arguments={"title": "Call back"})
    assert answer.status == 200
    spaced = mcp.stateless("tools/call", {"mcp-name": " create_task\t"}, name="create_task", arguments={"title": "b"})
    assert spaced.status == 200
    damaged = mcp.stateless("tools/call", {"mcp-name": "=?base64?***?="}, name="create_task", arguments={"title": "a"})
    error_of(damaged, 400, -32020)


@pytest.mark.parametrize(
    "headers",
    [
        {"mcp-method": "tools/list"},
        {"mcp-name": "list_tasks"},
        {"mcp-protocol-version": "2025-11-25"},
    ],
)
def test_headers_that_disagree_with_the_body_are_refused_and_nothing_is_done(mcp: Mcp, headers: dict[str, str]) -> None:
    answer = mcp.stateless("tools/call", headers, name="create_task", arguments={"title": "Call back"})
    assert error_of(answer, 400, -32020)["id"] == 1
    assert mcp.ok("list_tasks")["tasks"] == []


def test_a_stateless_request_must_describe_itself(mcp: Mcp) -> None:
    headers = {"mcp-protocol-version": STATELESS, "mcp-method": "tools/list"}
    error_of(mcp.request("tools/list", {}, headers), 400, -32602)
    meta = {"io.modelcontextprotocol/protocolVersion": STATELESS}
    error_of(mcp.request("tools/list", {"_meta": meta}, headers), 400, -32602)


def test_an_unknown_revision_is_refused_with_those_that_are_served(mcp: Mcp) -> None:
    body = error_of(mcp.request("ping", headers={"mcp-protocol-version": "1999-01-01"}), 400, -32022)
    assert body["error"]["data"]["requested"] == "1999-01-01"
    assert {"2025-11-25", STATELESS} <= set(body["error"]["data"]["supported"])
    meta = {"io.modelcontextprotocol/protocolVersion": "2099-01-01", "io.modelcontextprotocol/clientCapabilities": {}}
    headers = {"mcp-protocol-version": "2099-01-01", "mcp-method": "tools/list"}
    error_of(mcp.request("tools/list", {"_meta": meta}, headers), 400, -32022)


def test_an_unknown_method_is_refused_as_its_generation_wants(mcp: Mcp) -> None:
    assert error_of(mcp.request("resources/list"), 200, -32601)["id"] == 1
    assert error_of(mcp.stateless("resources/list"), 404, -32601)["id"] == 1
    error_of(mcp.request("server/discover"), 200, -32601)
    error_of(mcp.stateless("initialize"), 404, -32601)


# ---------------------------------------------------------------- bad messages


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", -32700),
        ("{", -32700),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": "\\ud800"}}', -32700),
        ("[" * 5_000, -32700),
        ('[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', -32600),
        ('"ping"', -32600),
        ("null", -32600),
        ('{"id": 1, "method": "ping"}', -32600),
        ('{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": true, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": [1], "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": 7}', -32600),
        ('{"jsonrpc": "2.0", "id": 1}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}', -32600),
    ],
)
def test_an_invalid_message_is_refused(mcp: Mcp, text: str, code: int) -> None:
    assert error_of(mcp.api.post("/mcp", text=text), 400, code)["id"] is None


def test_a_body_over_the_limit_or_of_another_type_is_refused(mcp: Mcp) -> None:
    error_of(mcp.api.post("/mcp", text=" " * 1_048_577), 413, -32000)
    error_of(mcp.api.post("/mcp", {}, headers={"content-type": "text/plain"}), 415, -32000)


@pytest.mark.parametrize(
    "params",
    [{}, {"name": 7}, {"name": "create_task", "arguments": []}, {"name": "no_such_tool", "arguments": {}}],
)
def test_a_call_of_no_tool_is_a_protocol_error(mcp: Mcp, params: Any) -> None:
    assert error_of(mcp.request("tools/call", params), 200, -32602)["id"] == 1
    assert mcp.stateless("tools/call", {"mcp-name": str(params.get("name"))}, **params).status == 400


def test_the_tool_list_has_one_page(mcp: Mcp) -> None:
    assert len(mcp.request("tools/list").json["result"]["tools"]) == len(TOOLS)
    error_of(mcp.request("tools/list", {"cursor": "AAAA"}), 200, -32602)


# ---------------------------------------------------------------- who may call


def test_a_caller_without_a_token_learns_where_to_read_on(mcp: Mcp) -> None:
    answer = Mcp(Api(None)).post({"jsonrpc": "2.0", "id": 1, "method": "ping"}, {"host": "api.example.com"})
    body = error_of(answer, 401, -32000)
    assert body["error"]["data"]["code"] == "unauthorized"
    where = "https://api.example.com/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{where}"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("path", ["", "/mcp"])
def test_the_metadata_names_the_resource_and_its_scopes(path: str) -> None:
    answer = Api(None).get(f"/.well-known/oauth-protected-resource{path}", headers={"host": "api.example.com"})
    assert answer.status == 200
    assert answer.json["resource"] == "https://api.example.com/mcp"
    assert answer.json["scopes_supported"] == ["tasks:read", "tasks:write"]
    assert answer.json["bearer_methods_supported"] == ["header"]


def test_a_token_with_other_scopes_gets_the_missing_one_named(caller: Caller) -> None:
    answer = Mcp(caller(scopes=["audit:read"])).request("ping")
    assert error_of(answer, 403, -32000)["error"]["data"]["required_scope"] == "tasks:read"
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_a_workspace_named_in_the_url_must_be_the_tokens_own(mcp: Mcp, tenant: str) -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert mcp.api.post(f"/mcp?workspace_id={tenant}", ping).status == 200
    error_of(mcp.api.post(f"/mcp?workspace_id={new_id()}", ping), 404, -32000)


def test_each_tool_asks_for_its_own_scope(caller: Caller) -> None:
    for tool in TOOLS.values():
        other = {"tasks:read": "tasks:write", "tasks:write": "tasks:read"}[tool.scope]
        error = Mcp(caller(scopes=[other])).refused(tool.name, "missing_required_scope")
        assert error["required_scope"] == tool.scope


def test_pages_of_a_browser_are_refused_unless_the_operator_named_them(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for origin in ("https://evil.example", "null", "http://localhost:6274"):
        error_of(mcp.request("ping", headers={"origin": origin}), 403, -32000)
    monkeypatch.setattr(server, "ALLOWED_ORIGINS", frozenset({"https://app.example"}))
    assert mcp.request("ping", headers={"origin": "https://app.example"}).status == 200
    for origin in ("https://evil.example", "https://app.example:444", "http://app.example"):
        error_of(mcp.request("ping", headers={"origin": origin}), 403, -32000)


def test_pages_of_ones_own_machine_may_call_a_server_on_it(mcp: Mcp) -> None:
    for host in ("localhost:8787", "127.0.0.1:8787", "[::1]:8787"):
        assert mcp.request("ping", headers={"host": host, "origin": "http://localhost:6274"}).status == 200
        for origin in ("https://evil.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example"):
            error_of(mcp.request("ping", headers={"host": host, "origin": origin}), 403, -32000)
    error_of(mcp.request("ping", headers={"host": "evil.example", "origin": "http://localhost"}), 403, -32000)


# ---------------------------------------------------------------- the tools


@pytest.mark.parametrize(
    ("tool", "arguments", "field"),
    [
        ("create_task", {}, "title"),
        ("create_task", {"title": 7}, "title"),
        ("create_task", {"title": "a", "priority": "high"}, "priority"),
        ("create_task", {"title": "a", "due_at": "Friday"}, "due_at"),
        ("create_task", {"title": "a", "idempotency_key": "k" * 256}, "idempotency_key"),
        ("create_task", {"title": "a", "related_resource_id": "con_1"}, "related_resource_type"),
        ("list_tasks", {"limit": "25"}, "limit"),
        ("list_tasks", {"limit": 101}, "limit"),
        ("list_tasks", {"status": "done"}, "status"),
        ("list_tasks", {"cursor": "AAAA"}, "cursor"),
        ("update_task", {"status": "open"}, "task_id"),
        ("update_task", {"task_id": "t", "status": "cancelled"}, "status"),
        ("complete_task", {"task_id": "t", "status": "completed"}, "status"),
        ("plan_work", {"drafts": []}, "drafts"),
        (
            "plan_work",
            {"drafts": [{"id": "a", "title": "A", "task": {"dependsOn": ["b"]}}]},
            "drafts.0.task.dependsOn.0",
        ),
        ("search_tracks", {"status": ["nope"]}, "status"),
    ],
)
def test_bad_arguments_are_a_result_that_names_the_field(mcp: Mcp, tool: str, arguments: Any, field: str) -> None:
    error = mcp.refused(tool, "validation_failed", **arguments)
    assert [each["field"] for each in error["field_errors"]] == [field]
    assert mcp.ok("list_tasks")["tasks"] == []


@pytest.mark.parametrize("task_id", ["task_123", new_id()])
@pytest.mark.parametrize("tool", ["get_task", "update_task", "complete_task"])
def test_a_task_that_is_not_there_is_not_found(mcp: Mcp, tool: str, task_id: str) -> None:
    mcp.refused(tool, "resource_not_found", task_id=task_id)


def test_another_tenants_task_is_not_found(mcp: Mcp, caller: Caller) -> None:
    task = mcp.ok("create_task", title="Call back")["task"]
    stranger = Mcp(caller(tenant=new_id()))
    stranger.refused("get_task", "resource_not_found", task_id=task["id"])
    stranger.refused("complete_task", "resource_not_found", task_id=task["id"])
    assert stranger.ok("list_tasks")["tasks"] == []


def test_tasks_look_the_same_as_over_rest_but_for_what_is_empty(mcp: Mcp) -> None:
    task = mcp.ok("create_task", title="Call back", due_at="2026-12-04T15:00:00Z")["task"]
    shown = mcp.api.get(f"/v1/tasks/{task['id']}").json["data"]
    assert task == {name: value for name, value in shown.items() if value not in (None, "")}
    assert task["source"] == "mcp"
    assert mcp.ok("get_task", task_id=task["id"])["task"] == task


def test_lists_are_paged(mcp: Mcp) -> None:
    for number in range(3):
        mcp.ok("create_task", title=f"task {number}")
    first = mcp.ok("list_tasks", limit=2)
    second = mcp.ok("list_tasks", limit=2, cursor=first["next_cursor"])
    assert [each["title"] for each in (*first["tasks"], *second["tasks"])] == ["task 2", "task 1", "task 0"]
    assert "next_cursor" not in second


def test_a_task_is_canceled_and_reopened(mcp: Mcp) -> None:
    task = mcp.ok("create_task", title="Call back")["task"]
    assert mcp.ok("update_task", task_id=task["id"], status="canceled")["task"]["status"] == "canceled"
    assert mcp.ok("update_task", task_id=task["id"], status="open")["task"]["status"] == "open"


def test_a_plan_is_made_at_once_and_found_again(mcp: Mcp) -> None:
    planned = mcp.ok(
        "plan_work",
        drafts=[
            {"id": "launch", "title": "Launch", "goal": {"status": "on_track"}},
            {"id": "write", "title": "Write the text", "task": {"status": "todo", "goalId": "launch"}},
            {"id": "send", "title": "Send the mail", "task": {"dependsOn": ["write"], "goalId": "launch"}},
        ],
    )
    ids = {each["draftId"]: each["id"] for each in planned["results"]}
    found = mcp.ok("search_tracks", goalId=[ids["launch"]], query="mail")
    assert [each["id"] for each in found["items"]] == [ids["send"]]
    assert found["items"][0]["task"]["dependsOn"] == [ids["write"]]
    # Everyone in the tenant sees what is planned without a scope.
    assert found["items"][0]["scope"] == {"type": "projects", "ids": []}


def test_a_plan_with_one_bad_draft_makes_nothing(mcp: Mcp) -> None:
    drafts = [{"id": "a", "title": "A", "task": {}}, {"id": "b", "title": "B", "task": {"dependsOn": ["b"]}}]
    mcp.refused("plan_work", "validation_failed", drafts=drafts)
    assert mcp.ok("search_tracks")["items"] == []


def test_the_most_urgent_ready_task_is_claimed_by_one_agent_alone(caller: Caller) -> None:
    first, second = Mcp(caller("agent_a", kind="agent")), Mcp(caller("agent_b", kind="agent"))
    first.ok(
        "plan_work",
        drafts=[
            {"id": "later", "title": "Later", "task": {"dependsOn": ["now"]}, "priority": "urgent"},
            {"id": "now", "title": "Now", "task": {}, "priority": "high"},
        ],
    )
    claimed = first.ok("claim_next_task", lease_seconds=60)
    assert claimed["task"]["title"] == "Now"
    assert (claimed["claim"]["holder"], claimed["claim"]["fence"]) == ("agent_a", 1)
    # What is claimed or waits for it is not handed out, and not another's to finish.
    assert set(second.ok("claim_next_task")) == {"request_id"}
    second.refused("update_task", "leased", task_id=claimed["task"]["id"], status="completed")
    assert first.ok("update_task", task_id=claimed["task"]["id"], status="completed")["task"]["status"] == "completed"


def test_a_retried_claim_gives_the_same_task(mcp: Mcp) -> None:
    mcp.ok("plan_work", drafts=[{"id": f"t{n}", "title": f"Task {n}", "task": {}} for n in range(2)])
    first = mcp.ok("claim_next_task", idempotency_key="draw-1")
    assert mcp.ok("claim_next_task", idempotency_key="draw-1") == first


# ---------------------------------------------------------------- runs


@pytest.fixture
def offered(table: Table, tenant: str) -> Run:
    """A run that waits for any agent, of a task in a project."""
    ada = Actor(tenant, "user_ada", "user", frozenset(SCOPES), "t")
    unit = Unit(table, ada, new_id())
    task = tracks.create(unit, "task", "Write docs", status="todo", priority="low", project_ids=("docs",))
    unit.commit(200, {}, "")
    unit = Unit(table, ada, new_id())
    state = {"pending_user_message": "Be brief."}
    run = runs.create(unit, unit.get(task.id), dispatched_at=clock.now(), state=state)
    unit.commit(200, {}, "")
    return run


@pytest.fixture
def bo(caller: Caller) -> Mcp:
    return Mcp(caller("agent_bo", kind="agent"))


def as_they_are(table: Table, run: Run) -> tuple[str | None, str | None, str]:
    """Status of the task, the status it shows of its latest run, and that of the run."""
    task, found = system.load(table, run.tenant_id, run.task_id, run.id)
    assert task
    assert found
    return task.status, task.latest_run_status, found.status


def test_a_run_that_waits_for_an_agent_is_handed_out_before_ready_tasks(
    bo: Mcp, offered: Run, table: Table, mcp: Mcp
) -> None:
    mcp.ok("plan_work", drafts=[{"id": "now", "title": "Now", "task": {}, "priority": "urgent"}])
    claimed = bo.ok("claim_next_task", lease_seconds=60)
    assert (claimed["task"]["title"], claimed["claim"]["holder"], claimed["claim"]["fence"]) == (
        "Write docs",
        "agent_bo",
        1,
    )
    assert claimed["run"]["id"] == offered.id
    assert claimed["run"]["message"] == "Be brief."
    assert claimed["run"]["url"].endswith(f"/api/projects/-/tasks/{offered.task_id}/runs/{offered.id}/")
    assert as_they_are(table, offered) == ("in_progress", "in_progress", "in_progress")
    second = bo.ok("claim_next_task")
    assert (second["task"]["title"], "run" in second) == ("Now", False)
    assert set(bo.ok("claim_next_task")) == {"request_id"}


def test_runs_follow_the_wish_for_a_project_and_are_left_out_by_one_for_a_priority(bo: Mcp, offered: Run) -> None:
    assert "run" not in bo.ok("claim_next_task", project_id="other")
    assert "run" not in bo.ok("claim_next_task", priority="low")
    assert bo.ok("claim_next_task", project_id="docs")["run"]["id"] == offered.id


@pytest.mark.parametrize(
    ("tool", "arguments", "left"),
    [
        ("complete_task", {"completed_note": "Done."}, ("done", "completed", "completed")),
        ("update_task", {"status": "completed"}, ("done", "completed", "completed")),
        ("update_task", {"status": "canceled"}, ("cancelled", "cancelled", "cancelled")),
        ("update_task", {"status": "open"}, ("in_progress", "in_progress", "in_progress")),
    ],
)
def test_the_holder_of_a_run_ends_it_with_its_task_in_one_write(
    bo: Mcp, offered: Run, table: Table, tool: str, arguments: dict[str, str], left: tuple[str, str, str]
) -> None:
    bo.ok("claim_next_task")
    writes: list[str] = []
    table.observe = lambda operation, _: writes.append(operation)
    task = bo.ok(tool, task_id=offered.task_id, **arguments)["task"]
    table.observe = None
    assert task.get("completed_note") == arguments.get("completed_note")
    assert as_they_are(table, offered) == left
    assert writes.count("transact_write_items") == (left[2] != "in_progress")
    assert "update_item" not in writes


def test_who_does_not_hold_the_run_changes_the_task_alone(mcp: Mcp, bo: Mcp, offered: Run, table: Table) -> None:
    bo.ok("claim_next_task")
    mcp.ok("update_task", task_id=offered.task_id, status="completed")
    assert as_they_are(table, offered) == ("done", "in_progress", "in_progress")


def test_a_retried_claim_of_a_run_gives_the_same_run(bo: Mcp, offered: Run) -> None:
    first = bo.ok("claim_next_task", idempotency_key="draw-1")
    assert first["run"]["id"] == offered.id
    assert bo.ok("claim_next_task", idempotency_key="draw-1") == first


def test_search_is_paged(mcp: Mcp) -> None:
    mcp.ok("plan_work", drafts=[{"id": f"t{n}", "title": f"Task {n}", "task": {}} for n in range(25)])
    first = mcp.ok("search_tracks", query="task")
    second = mcp.ok("search_tracks", query="task", cursor=first["nextCursor"])
    assert (len(first["items"]), len(second["items"]), second["nextCursor"]) == (20, 5, None)


# ---------------------------------------------------------------- safe retries


def test_a_retried_call_gives_the_first_result_to_the_new_message(mcp: Mcp) -> None:
    arguments = {"title": "Once", "idempotency_key": "key-1"}
    first = mcp.ok("create_task", **arguments)
    message = {"jsonrpc": "2.0", "id": "second", "method": "tools/call"}
    again = mcp.post({**message, "params": {"name": "create_task", "arguments": arguments}}).json
    assert again["id"] == "second"
    assert again["result"]["structuredContent"] == first
    assert len(mcp.ok("list_tasks")["tasks"]) == 1


def test_a_key_used_for_other_arguments_is_a_conflict_that_names_it(mcp: Mcp) -> None:
    mcp.ok("create_task", title="Once", idempotency_key="key-1")
    error = mcp.refused("create_task", "idempotency_conflict", title="Twice", idempotency_key="key-1")
    assert error["idempotency_key"] == "key-1"
    task = mcp.ok("list_tasks")["tasks"]
    assert [each["title"] for each in task] == ["Once"]
    mcp.refused("complete_task", "idempotency_conflict", task_id=task[0]["id"], idempotency_key="key-1")


def test_a_refusal_is_given_again_under_its_key(mcp: Mcp) -> None:
    arguments = {"task_id": new_id(), "idempotency_key": "key-1"}
    first = mcp.refused("complete_task", "resource_not_found", **arguments)
    assert mcp.refused("complete_task", "resource_not_found", **arguments) == first


# ---------------------------------------------------------------- questions


def held_run(table: Table, tenant: str, holder: str) -> Run:
    """A run that an actor holds."""
    ledger = Runs(table, tenant)
    run = ledger.run(dispatched_at=clock.now(), dispatches=1)
    ledger.claim(run, holder)
    return run


def test_an_agent_asks_and_finds_the_answer_when_it_looks_again(
    table: Table, tenant: str, caller: Caller, api: Api
) -> None:
    agent, run = Mcp(caller("agent_bo", kind="agent")), held_run(table, tenant, "agent_bo")
    asked = agent.ok("ask", task_id=run.task_id, text="Which?", choices=["this", "that"], default="this")
    assert (asked["status"], asked["text"]) == ("open", "Which?")
    assert agent.ok("ask", task_id=run.task_id)["status"] == "open"
    agent.refused("ask", "question_open", task_id=run.task_id, text="And?")
    path = f"/v1/runs/{run.task_id}/{run.id}/questions/{asked['question_id']}/answer"
    assert api.post(path, {"answer": "that"}).status == 200
    found = agent.ok("ask", task_id=run.task_id)
    assert (found["status"], found["answer"], found["answered_by"]) == ("answered", "that", "user_ada")


def test_an_agent_that_asked_as_often_as_it_may_is_told_what_to_do(
    table: Table, tenant: str, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchyard.domain.questions.QUESTIONS_MAX", 0)
    agent, run = Mcp(caller("agent_bo", kind="agent")), held_run(table, tenant, "agent_bo")
    agent.refused("ask", "too_many_questions", task_id=run.task_id, text="Which?")


def test_asking_needs_a_run_and_its_lease(mcp: Mcp, table: Table, tenant: str) -> None:
    mcp.refused("ask", "resource_not_found", task_id=mcp.ok("create_task", title="No run")["task"]["id"], text="Which?")
    run = held_run(table, tenant, "agent_bo")
    mcp.refused("ask", "resource_not_found", task_id=run.task_id)
    mcp.refused("ask", "leased", task_id=run.task_id, text="Which?")


# ---------------------------------------------------------------- the log


def test_the_log_names_the_tool_and_why_it_was_refused(mcp: Mcp, monkeypatch: pytest.MonkeyPatch) -> None:
    from switchyard.aws.telemetry import logger

    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(logger, "info", lambda _text, extra: lines.append(extra))
    mcp.refused("get_task", "resource_not_found", task_id="task_123")
    assert lines[0]["operation"] == "mcp.post_message"
    assert (lines[0]["tool"], lines[0]["error"]) == ("get_task", "resource_not_found")


def closed(schema: Any) -> Any:
    """Return the schema with objects that have no fields but those named, where it does not allow others itself."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(each) for name, each in schema.items()}
    return {"additionalProperties": False, **made} if made.get("type") == "object" else made


def test_results_fit_the_schemas_that_the_tools_declare(mcp: Mcp, table: Table, tenant: str) -> None:
    task_id = mcp.ok("create_task", title="Call back")["task"]["id"]
    asking = held_run(table, tenant, "user_ada").task_id
    calls = {
        "create_task": {"title": "Another"},
        "get_task": {"task_id": task_id},
        "list_tasks": {"limit": 1},
        "update_task": {"task_id": task_id, "status": "completed", "completed_note": "Done"},
        "complete_task": {"task_id": task_id},
        "claim_next_task": {},
        "ask": {"task_id": asking, "text": "Which?", "choices": ["this", "that"]},
        "comment": {"task_id": task_id, "text": "Which?"},
        "plan_work": {"drafts": [{"id": "a", "title": "A", "task": {}}]},
        "search_tracks": {},
    }
    listed = mcp.request("tools/list").json["result"]["tools"]
    assert calls.keys() == {each["name"] for each in listed}
    for name, arguments in calls.items():
        content = mcp.ok(name, **arguments)
        published = next(each["outputSchema"] for each in listed if each["name"] == name)
        Draft202012Validator(closed(published) if "task" in name else published).validate(content)


def test_a_tool_works_in_one_unit_and_a_message_without_a_tool_in_none(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from switchyard.http import perform

    operations: list[str | None] = []
    unit = perform.Unit

    def counted(table: Table, actor: Actor, *more: Any) -> Any:
        operations.append(actor.operation)
        return unit(table, actor, *more)

    monkeypatch.setattr(perform, "Unit", counted)
    mcp.call("create_task", title="Once")
    assert operations == ["mcp.create_task"]
    mcp.request("tools/list")
    assert operations == ["mcp.create_task"]
