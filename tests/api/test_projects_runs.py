"""Runs of a task over the projects surface (contract: projects.md §2.2, §5, §7)."""

import json
import signal
from typing import Any

import pytest

from switchyard.domain import clock
from switchyard.domain.ids import new_id
from switchyard.domain.runs import STATE_MAX_BYTES, Run
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.ledger import system
from switchyard.store import keys
from switchyard.store import runs as run_rows
from switchyard.store import staged as staged_rows
from switchyard.store.table import Table
from switchyard.surfaces.projects import schemas
from switchyard.surfaces.projects.runs import STAGES_MAX
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.projects import a_run, a_task, a_tenant


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Build Box")[0]


@pytest.fixture
def task(table: Table, project: Project) -> Track:
    return a_task(table, project)


def base(task: Track) -> str:
    return f"/api/projects/1/tasks/{task.id}"


def url(run: Run, action: str = "") -> str:
    return f"/api/projects/1/tasks/{run.task_id}/runs/{run.id}/{action}"


def start(api: Api, task: Track, **body: Any) -> Any:
    answer = api.post(f"{base(task)}/run/", body)
    assert answer.status == 200, answer.text
    return answer.json["latest_run"]


def stored(table: Table, run: Run) -> Run:
    _, found = system.load(table, run.tenant_id, run.task_id, run.id)
    assert found
    return found


def stored_task(table: Table, task: Track, run_id: str) -> Track:
    found, _ = system.load(table, task.tenant_id, task.id, run_id)
    assert found
    return found


def run_ids(table: Table, task: Track) -> list[str]:
    return [run_rows.from_item(row).id for row in run_rows.read_of_task(table, task.tenant_id, task.id, 100).items]


def refused(answer: Answer, code: str, detail: str, attr: str | None) -> None:
    assert answer.status == 400, answer.text
    assert answer.json == {"type": "validation_error", "code": code, "detail": detail, "attr": attr}


def stage(table: Table, task: Track, *ids: str, name: str = "notes.txt") -> None:
    entries = [
        {
            "id": each,
            "name": name,
            "type": "context",
            "source": "",
            "size": 3,
            "content_type": "text/plain",
            "storage_path": f"tasks/artifacts/team_{task.tenant_id}/task_{task.id}/staged/{each}/{name}",
            "uploaded_at": "2026-05-01T00:00:00+00:00",
        }
        for each in ids
    ]
    table.write([staged_rows.put(task.tenant_id, task.id, each, clock.epoch() + 60) for each in entries])


# ---------------------------------------------------------------- POST run: what it makes


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_run_without_a_body_is_queued_in_the_cloud(api: Api, task: Track, slash: str) -> None:
    answer = api.post(f"{base(task)}/run{slash}")
    assert answer.status == 200
    run = answer.json["latest_run"]
    assert answer.json["id"] == run["task"] == task.id
    assert (run["status"], run["environment"], run["state"]) == ("queued", "cloud", {"mode": "background"})
    assert (run["output"], run["artifacts"], run["completed_at"], run["branch"]) == (None, [], None, None)


def test_a_run_shows_what_it_was_started_with(api: Api, table: Table, task: Track) -> None:
    run = start(
        api,
        task,
        mode="interactive",
        branch=" feature/x ",
        pending_user_message="  Go on  ",
        run_source="manual",
        pr_authorship_mode="bot",
        runtime_adapter="codex",
        model="gpt-5.5",
        reasoning_effort="xhigh",
        service_tier="flex",
        initial_permission_mode="read-only",
        unknown="ignored",
    )
    assert run["state"] == {
        "mode": "interactive",
        "pending_user_message": "Go on",
        "pr_base_branch": "feature/x",
        "run_source": "manual",
        "pr_authorship_mode": "bot",
        "runtime_adapter": "codex",
        "provider": "openai",
        "model": "gpt-5.5",
        "reasoning_effort": "xhigh",
        "service_tier": "flex",
        "initial_permission_mode": "read-only",
    }
    assert (run["branch"], run["runtime_adapter"], run["provider"]) == ("feature/x", "codex", "openai")
    assert (run["model"], run["reasoning_effort"]) == ("gpt-5.5", "xhigh")


def test_a_run_is_meant_for_the_agent_that_the_task_is_assigned_to(api: Api, table: Table, project: Project) -> None:
    task = a_task(table, project, assignee="agent_bo", assignee_type="agent")
    assert start(api, task)["agent"] == "agent_bo"


def test_the_internals_of_a_run_are_never_shown(api: Api, table: Table, task: Track) -> None:
    run = a_run(table, task, wait_step="work", wait_token="token-of-the-workflow", dispatched_at=clock.now())
    answers = [api.get(url(run)), api.get(f"{base(task)}/runs/"), api.get(f"{base(task)}/"), api.patch(url(run), {})]
    for answer in answers:
        assert answer.status == 200
        assert "token-of-the-workflow" not in answer.text
    assert set(answers[0].json) == {
        *("id", "task", "stage", "branch", "status", "environment", "runtime_adapter", "provider", "model"),
        *("reasoning_effort", "log_url", "error_message", "output", "state", "artifacts", "created_at", "updated_at"),
        *("completed_at", "agent", "holder", "lease_until", "fence", "heartbeat_at"),
        *("awaiting_input", "question"),
    }
    assert answers[0].json["log_url"].startswith(f"https://api.test/api/run_logs/{run.tenant_id}.{task.id}.{run.id}.")


def test_a_tasks_own_limits_are_those_of_its_runs(api: Api, table: Table, project: Project) -> None:
    task = a_task(table, project, idle_seconds=60, timeout_seconds=600)
    run = start(api, task)
    found = run_rows.from_item(table.get(*keys.run(task.tenant_id, task.id, run["id"])) or {})
    assert (found.idle_seconds, found.timeout_seconds) == (60, 600)


def test_a_users_github_token_is_neither_stored_nor_shown_nor_logged(
    api: Api, table: Table, task: Track, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "gho_secret0123456789"
    answer = api.post(
        f"{base(task)}/run/",
        {"pr_authorship_mode": "user", "github_user_token": secret},
        headers={"idempotency-key": "k"},
    )
    assert answer.json["latest_run"]["state"]["pr_authorship_mode"] == "user"
    rows = table.call("scan", TableName=table.name)["Items"]
    assert secret not in json.dumps(rows) + answer.text + capsys.readouterr().out


def test_each_call_makes_a_new_run_unless_its_key_was_used(api: Api, table: Table, task: Track) -> None:
    first = api.post(f"{base(task)}/run/", {}, headers={"idempotency-key": "once"})
    again = api.post(f"{base(task)}/run/", {}, headers={"idempotency-key": "once"})
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json == first.json
    assert start(api, task)["id"] != first.json["latest_run"]["id"]
    assert len(run_ids(table, task)) == 2


def test_a_run_costs_one_read_and_one_transaction(api: Api, table: Table, task: Track) -> None:
    stage(table, task, "a", "b")
    earlier = start(api, task)["id"]
    body = {"resume_from_run_id": earlier, "pending_user_artifact_ids": ["a", "b"]}
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    assert api.post(f"{base(task)}/run/", body, headers={"idempotency-key": "k"}).status == 200
    assert calls == ["batch_get_item", "transact_write_items"]


@pytest.mark.parametrize("status", ["done", "cancelled"])
def test_a_finished_task_is_not_run(api: Api, table: Table, project: Project, status: str) -> None:
    task = a_task(table, project, status=status)
    for path, body in ((f"{base(task)}/run/", {}), (f"{base(task)}/runs/", {"environment": "cloud"})):
        answer = api.post(path, body)
        assert answer.status == 409
        assert status in answer.json["detail"]
    assert run_ids(table, task) == []


def test_a_task_that_someone_holds_in_the_pool_is_run_by_them_alone(
    api: Api, caller: Caller, table: Table, project: Project
) -> None:
    lease = {"holder": "agent_bo", "fence": 1, "lease_until": "2999-01-01T00:00:00.000Z"}
    task = a_task(table, project, status="in_progress", **lease)
    answer = api.post(f"{base(task)}/run/", {})
    assert (answer.status, answer.json["code"]) == (409, "leased")
    assert caller("agent_bo", kind="agent").post(f"{base(task)}/run/", {}).status == 200


def test_a_run_needs_the_scope_to_write(caller: Caller, task: Track) -> None:
    answer = caller(scopes=["tasks:read"]).post(f"{base(task)}/run/", {})
    assert (answer.status, answer.json["detail"]) == (403, "API key missing required scope 'tasks:write'")


# ---------------------------------------------------------------- POST run: bad input

CHOICE = "invalid_choice"
BAD = [
    ({"mode": "fast"}, CHOICE, '"fast" is not a valid choice.', "mode"),
    ({"mode": None}, "null", "This field may not be null.", "mode"),
    ({"branch": ""}, "blank", "This field may not be blank.", "branch"),
    ({"branch": " "}, "blank", "This field may not be blank.", "branch"),
    ({"branch": "x" * 256}, "max_length", "Ensure this field has no more than 255 characters.", "branch"),
    ({"branch": 1}, "invalid_input", "Not a valid string.", "branch"),
    ({"resume_from_run_id": None}, "null", "This field may not be null.", "resume_from_run_id"),
    ({"resume_from_run_id": "x"}, "invalid_input", "Must be a valid UUID.", "resume_from_run_id"),
    ({"pending_user_message": None}, "null", "This field may not be null.", "pending_user_message"),
    (
        {"pending_user_message": "x" * 32_001},
        "max_length",
        "Ensure this field has no more than 32000 characters.",
        "pending_user_message",
    ),
    (
        {"pending_user_artifact_ids": "x"},
        "not_a_list",
        'Expected a list of items but got type "str".',
        "pending_user_artifact_ids",
    ),
    (
        {"pending_user_artifact_ids": ["x" * 129]},
        "max_length",
        "Ensure this field has no more than 128 characters.",
        "pending_user_artifact_ids__0",
    ),
    (
        {"pending_user_artifact_ids": ["a", ""]},
        "blank",
        "This field may not be blank.",
        "pending_user_artifact_ids__1",
    ),
    (
        {"pending_user_artifact_ids": [str(each) for each in range(91)]},
        "max_length",
        "Ensure this field has no more than 90 elements.",
        "pending_user_artifact_ids",
    ),
    ({"sandbox_environment_id": "x"}, "invalid_input", "Must be a valid UUID.", "sandbox_environment_id"),
    ({"pr_authorship_mode": "me"}, CHOICE, '"me" is not a valid choice.', "pr_authorship_mode"),
    ({"run_source": "cron"}, CHOICE, '"cron" is not a valid choice.', "run_source"),
    ({"signal_report_id": ""}, "blank", "This field may not be blank.", "signal_report_id"),
    ({"github_user_token": ""}, "blank", "This field may not be blank.", "github_user_token"),
    ({"runtime_adapter": "gemini"}, CHOICE, '"gemini" is not a valid choice.', "runtime_adapter"),
    (
        {"runtime_adapter": "claude"},
        "invalid_input",
        "This field is required when selecting a cloud runtime.",
        "model",
    ),
    (
        {"model": "gpt-5.4"},
        "invalid_input",
        "This field is required when selecting a cloud runtime.",
        "runtime_adapter",
    ),
    (
        {"reasoning_effort": "low"},
        "invalid_input",
        "This field is required when selecting a cloud runtime.",
        "runtime_adapter",
    ),
    ({"reasoning_effort": "most"}, CHOICE, '"most" is not a valid choice.', "reasoning_effort"),
    (
        {"runtime_adapter": "codex", "model": "gpt-5.4", "reasoning_effort": "max"},
        "invalid_input",
        "Reasoning effort 'max' is not supported for runtime_adapter 'codex' and model 'gpt-5.4'. "
        "Supported values: low, medium, high.",
        "reasoning_effort",
    ),
    (
        {"runtime_adapter": "claude", "model": "claude-sonnet-4-5", "reasoning_effort": "high"},
        "invalid_input",
        "Reasoning effort 'high' is not supported for runtime_adapter 'claude' and model 'claude-sonnet-4-5'. "
        "Supported values: none.",
        "reasoning_effort",
    ),
    (
        {"initial_permission_mode": "plan"},
        "invalid_input",
        "This field requires runtime_adapter to be set.",
        "initial_permission_mode",
    ),
    (
        {"initial_permission_mode": "full-access", "runtime_adapter": "claude", "model": "claude-opus-4-8"},
        "invalid_input",
        "Invalid choice 'full-access' for runtime_adapter 'claude'. Supported values: "
        "'default', 'acceptEdits', 'plan', 'bypassPermissions', 'auto'.",
        "initial_permission_mode",
    ),
    (
        {"service_tier": "flex", "runtime_adapter": "claude", "model": "claude-opus-4-8"},
        "invalid_input",
        "This field requires the runtime_adapter 'codex'.",
        "service_tier",
    ),
]


@pytest.mark.parametrize(("body", "code", "detail", "attr"), BAD, ids=lambda value: str(value)[:40])
def test_what_does_not_fit_is_refused_and_nothing_is_made(
    api: Api, table: Table, task: Track, body: Any, code: str, detail: str, attr: str
) -> None:
    refused(api.post(f"{base(task)}/run/", body), code, detail, attr)
    shared = {"resume_from_run_id", "pending_user_message", "pending_user_artifact_ids"}
    if not shared & body.keys():
        refused(api.post(f"{base(task)}/runs/", body), code, detail, attr)
    assert run_ids(table, task) == []


@pytest.mark.parametrize(
    ("model", "effort"), [("claude-opus-4-5", "high"), ("claude-opus-4-7", "max"), ("claude-sonnet-4-6", "low")]
)
def test_a_model_takes_the_efforts_that_it_has(api: Api, task: Track, model: str, effort: str) -> None:
    run = start(api, task, runtime_adapter="claude", model=model, reasoning_effort=effort)
    assert (run["provider"], run["reasoning_effort"]) == ("anthropic", effort)


def test_a_blank_message_is_none(api: Api, task: Track) -> None:
    assert "pending_user_message" not in start(api, task, pending_user_message="  ")["state"]


def test_a_null_branch_is_none(api: Api, task: Track) -> None:
    assert start(api, task, branch=None)["branch"] is None


def test_there_are_no_sandbox_environments(api: Api, task: Track) -> None:
    answer = api.post(f"{base(task)}/run/", {"sandbox_environment_id": new_id()})
    assert (answer.status, answer.json) == (400, {"detail": "Invalid sandbox_environment_id"})


def test_a_run_in_a_users_name_needs_a_token_or_an_integration(api: Api, table: Table, project: Project) -> None:
    body = {"pr_authorship_mode": "user"}
    answer = api.post(f"{base(a_task(table, project))}/run/", body)
    assert answer.status == 400
    assert {name: answer.json[name] for name in ("type", "code", "attr")} == {
        "type": "validation_error",
        "code": "github_authorization_required",
        "attr": "pr_authorship_mode",
    }
    linked = a_task(table, project, ext={"projects": {"github_integration": 7}})
    assert start(api, linked, **body)["state"]["pr_authorship_mode"] == "bot"


def test_a_run_for_a_report_is_the_bots(api: Api, task: Track) -> None:
    run = start(api, task, pr_authorship_mode="user", run_source="signal_report", signal_report_id="r1")
    assert (run["state"]["pr_authorship_mode"], run["state"]["signal_report_id"]) == ("bot", "r1")


@pytest.mark.parametrize("path", ["run/", "runs/"])
def test_an_unknown_task_is_not_found(api: Api, project: Project, path: str) -> None:
    answer = api.post(f"/api/projects/1/tasks/{new_id()}/{path}", {})
    assert answer.status == 404
    assert answer.json["detail"] == ("Task not found" if path == "runs/" else "Not found.")


# ---------------------------------------------------------------- POST run: resume and artifacts


def test_a_resumed_run_inherits_what_the_request_does_not_set(api: Api, table: Table, task: Track) -> None:
    first = start(
        api,
        task,
        branch="main",
        runtime_adapter="codex",
        model="gpt-5.5",
        reasoning_effort="xhigh",
        run_source="manual",
    )
    api.patch(f"{base(task)}/runs/{first['id']}/", {"state": {"snapshot_external_id": "snap_1", "other": 1}})
    again = start(api, task, resume_from_run_id=first["id"], model="gpt-5.4", runtime_adapter="codex")
    assert again["state"] == {
        "mode": "background",
        "resume_from_run_id": first["id"],
        "snapshot_external_id": "snap_1",
        "pr_base_branch": "main",
        "run_source": "manual",
        "runtime_adapter": "codex",
        "provider": "openai",
        "model": "gpt-5.4",
    }
    assert again["branch"] == "main"
    whole = start(api, task, resume_from_run_id=first["id"])
    assert (whole["model"], whole["reasoning_effort"], whole["provider"]) == ("gpt-5.5", "xhigh", "openai")
    found = run_rows.from_item(table.get(*keys.run(task.tenant_id, task.id, whole["id"])) or {})
    assert found.resumed_from == first["id"]


def test_only_a_run_of_the_same_task_is_resumed(api: Api, table: Table, project: Project, task: Track) -> None:
    other = a_run(table, a_task(table, project))
    for run_id in (other.id, new_id()):
        answer = api.post(f"{base(task)}/run/", {"resume_from_run_id": run_id})
        assert (answer.status, answer.json) == (400, {"detail": "Invalid resume_from_run_id"})
    assert run_ids(table, task) == []


def test_staged_artifacts_move_to_the_run_in_the_order_it_names_them(api: Api, table: Table, task: Track) -> None:
    stage(table, task, "a", "b", "c")
    run = start(api, task, pending_user_artifact_ids=["c", "a", "c"], pending_user_message="See these")
    assert [each["id"] for each in run["artifacts"]] == ["c", "a"]
    assert run["state"]["pending_user_artifact_ids"] == ["c", "a"]
    assert run["artifacts"][0]["storage_path"].endswith("/staged/c/notes.txt")
    answer = api.post(f"{base(task)}/run/", {"pending_user_artifact_ids": ["b", "a"]})
    assert (answer.status, answer.json) == (
        400,
        {"detail": "Some pending_user_artifact_ids are invalid or expired", "missing_artifact_ids": ["a"]},
    )
    assert run_ids(table, task) == [run["id"]]
    assert [each["id"] for each in start(api, task, pending_user_artifact_ids=["b"])["artifacts"]] == ["b"]


def test_as_many_artifacts_as_a_run_may_take_are_one_transaction(api: Api, table: Table, task: Track) -> None:
    ids = [f"artifact{each:02}" for each in range(90)]
    for begin in range(0, 90, 25):
        stage(table, task, *ids[begin : begin + 25])
    api.get(f"{base(task)}/")
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    body = {"pending_user_artifact_ids": ids, "resume_from_run_id": new_id()}
    assert api.post(f"{base(task)}/run/", body).status == 400
    del body["resume_from_run_id"]
    answer = api.post(f"{base(task)}/run/", body, headers={"idempotency-key": "k"})
    assert [each["id"] for each in answer.json["latest_run"]["artifacts"]] == ids
    assert calls == ["batch_get_item", "batch_get_item", "transact_write_items"]


def test_a_manifest_has_a_bound(api: Api, table: Table, task: Track) -> None:
    ids = [f"artifact{each:02}" for each in range(90)]
    for begin in range(0, 90, 25):
        stage(table, task, *ids[begin : begin + 25], name="ü" * 400)
    answer = api.post(f"{base(task)}/run/", {"pending_user_artifact_ids": ids})
    assert (answer.status, answer.json["attr"]) == (400, "pending_user_artifact_ids")
    assert run_ids(table, task) == []


# ---------------------------------------------------------------- runs: create, list, read


def test_a_run_is_made_for_a_local_session(api: Api, table: Table, task: Track) -> None:
    answer = api.post(f"{base(task)}/runs/", {"mode": "interactive", "branch": "main"})
    assert answer.status == 201
    run = answer.json
    assert (run["status"], run["environment"], run["branch"]) == ("queued", "local", "main")
    assert run["state"] == {"mode": "interactive", "pr_base_branch": "main"}
    assert api.get(f"{base(task)}/").json["latest_run"] == run


def test_a_cloud_run_waits_for_its_start(api: Api, table: Table, task: Track) -> None:
    run = api.post(f"{base(task)}/runs/", {"environment": "cloud"}).json
    assert (run["status"], run["environment"]) == ("queued", "cloud")
    found = run_rows.from_item(table.get(*keys.run(task.tenant_id, task.id, run["id"])) or {})
    assert not found.is_startable
    assert api.get("/api/projects/1/tasks/?status=queued").json["count"] == 1
    # writing the status that it shows does not start it
    assert api.patch(f"{base(task)}/runs/{run['id']}/", {"status": "queued"}).status == 200
    assert not stored(table, found).is_startable
    answer = api.post(f"{base(task)}/runs/{run['id']}/start/", {"pending_user_message": " Go "})
    assert answer.status == 200
    assert answer.json["latest_run"]["state"]["pending_user_message"] == "Go"
    assert stored(table, found).is_startable
    assert stored_task(table, task, run["id"]).has_active_run


@pytest.mark.parametrize("slash", ["", "/"])
def test_runs_are_listed_newest_first_page_by_page(api: Api, table: Table, task: Track, slash: str) -> None:
    ids = [a_run(table, task).id for _ in range(3)][::-1]
    first = api.get(f"{base(task)}/runs{slash}?limit=2").json
    assert [each["id"] for each in first["results"]] == ids[:2]
    assert (first["count"], first["previous"]) == (3, None)
    assert first["next"].startswith("https://api.test/")
    second = api.get(first["next"].removeprefix("https://api.test")).json
    assert ([each["id"] for each in second["results"]], second["next"]) == (ids[2:], None)
    assert [each["id"] for each in api.get(second["previous"].removeprefix("https://api.test")).json["results"]] == ids[
        :2
    ]
    beyond = api.get(f"{base(task)}/runs/?offset=7").json
    assert (beyond["count"], beyond["results"], beyond["next"]) == (3, [], None)


def test_a_task_without_runs_has_an_empty_list(api: Api, task: Track) -> None:
    assert api.get(f"{base(task)}/runs/?limit=500").json == {"count": 0, "next": None, "previous": None, "results": []}


def test_a_page_of_large_runs_ends_early_and_none_is_lost(api: Api, table: Table, task: Track) -> None:
    ids = [a_run(table, task, output="x" * 90_000).id for _ in range(5)][::-1]
    seen: list[str] = []
    link = f"{base(task)}/runs/"
    while link:
        page = api.get(link).json
        assert len(page["results"]) <= 2
        seen += [each["id"] for each in page["results"]]
        link = (page["next"] or "").removeprefix("https://api.test")
    assert seen == ids


def test_a_list_of_runs_is_one_read_and_one_query(api: Api, table: Table, task: Track) -> None:
    a_run(table, task)
    api.get(f"{base(task)}/")
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    api.get(f"{base(task)}/runs/")
    assert calls == ["get_item", "query"]


@pytest.mark.parametrize("spelled", [new_id(), "no-id", "%00"])
def test_an_invalid_run_id_is_not_found(api: Api, task: Track, spelled: str) -> None:
    path = f"{base(task)}/runs/{spelled}/"
    commands = {"jsonrpc": "2.0", "method": "close"}
    answers = [
        api.get(path),
        api.patch(path, {}),
        api.post(f"{path}start/", {}),
        api.post(f"{path}resume_in_cloud/"),
        api.patch(f"{path}set_output/", {"output": 1}),
        api.post(f"{path}cancel/"),
        api.post(f"{path}relay_message/", {"text": ""}),
        api.post(f"{path}command/", commands),
        api.get(f"{path}connection_token/"),
    ]
    assert [answer.status for answer in answers] == [404] * 9
    assert {answer.json["detail"] for answer in answers} == {"Not found."}


def test_a_run_is_found_under_its_own_task_alone(api: Api, table: Table, project: Project, task: Track) -> None:
    run = a_run(table, task)
    other = a_task(table, project)
    assert api.get(f"{base(other)}/runs/{run.id}/").status == 404
    answer = api.get(f"/api/projects/1/tasks/{new_id()}/runs/{run.id}/")
    assert (answer.status, answer.json["detail"]) == (404, "Task not found")


def test_runs_of_a_personal_task_are_its_owners(api: Api, caller: Caller, table: Table, project: Project) -> None:
    run = a_run(table, a_task(table, project, owner="user_ada"))
    assert api.get(url(run)).status == 200
    assert caller("user_bob").get(url(run)).status == 404


# ---------------------------------------------------------------- PATCH


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_patch_changes_what_it_names(api: Api, table: Table, task: Track, slash: str) -> None:
    run = a_run(table, task, branch="old", error_message="old")
    body = {"status": "in_progress", "stage": "build", "branch": None, "error_message": None}
    answer = api.patch(url(run).removesuffix("/") + slash, body)
    assert answer.status == 200
    assert {name: answer.json[name] for name in body} == body
    assert answer.json["heartbeat_at"] == answer.json["updated_at"]
    assert stored_task(table, task, run.id).status == "in_progress"


def test_state_and_output_are_merged_key_by_key(api: Api, table: Table, task: Track) -> None:
    run = a_run(table, task, state={"a": 1, "b": {"x": 1}, "c": 1}, output={"k": 1, "l": 1})
    body = {"state": {"b": {"y": 2}, "d": None}, "state_remove_keys": ["a", "d", "nothing"], "output": {"l": [2]}}
    answer = api.patch(url(run), body).json
    assert answer["state"] == {"b": {"y": 2}, "c": 1, "d": None}
    assert answer["output"] == {"k": 1, "l": [2]}


@pytest.mark.parametrize("given", [[1], "text", 7, None, False])
def test_an_output_that_is_not_an_object_replaces(api: Api, table: Table, task: Track, given: Any) -> None:
    run = a_run(table, task, output={"k": 1})
    assert api.patch(url(run), {"output": given}).json["output"] == given
    assert api.patch(url(run), {"output": {"n": 1}}).json["output"] == {"n": 1}


def test_protected_keys_are_silently_left_alone(api: Api, table: Table, task: Track) -> None:
    guarded = {"github_credential_source": "x", "pr_authorship_mode": "bot", "sandbox_id": "s"}
    run = a_run(table, task, state=guarded)
    body = {"state": {name: "other" for name in guarded} | {"free": 1}, "state_remove_keys": list(guarded)}
    assert api.patch(url(run), body).json["state"] == {**guarded, "free": 1}


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({"status": "paused"}, "invalid_choice", "status"),
        ({"status": None}, "null", "status"),
        ({"state": []}, "not_a_dict", "state"),
        ({"state": None}, "null", "state"),
        ({"state_remove_keys": [""]}, "blank", "state_remove_keys__0"),
        ({"state_remove_keys": "a"}, "not_a_list", "state_remove_keys"),
        ({"stage": "x" * 101}, "max_length", "stage"),
        ({"branch": "x" * 256}, "max_length", "branch"),
        ({"error_message": "x" * 2_001}, "max_length", "error_message"),
        ({"environment": "cloud"}, "invalid_choice", "environment"),
        ({"output": "x" * 98_304}, "invalid_input", "output"),
        ({"state": {"a": "x" * STATE_MAX_BYTES}}, "invalid_input", "state"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_patch_that_does_not_fit_changes_nothing(
    api: Api, table: Table, task: Track, body: Any, code: str, attr: str
) -> None:
    run = a_run(table, task)
    answer = api.patch(url(run), body)
    assert (answer.status, answer.json["code"], answer.json["attr"]) == (400, code, attr)
    assert stored(table, run) == run


def test_merges_are_bounded_as_a_whole(api: Api, table: Table, task: Track) -> None:
    run = a_run(table, task, state={"a": "x" * 40_000}, output={"a": "x" * 60_000})
    for body in ({"state": {"b": "x" * 40_000}}, {"output": {"b": "x" * 60_000}}):
        answer = api.patch(url(run), body)
        assert (answer.status, answer.json["attr"]) == (400, next(iter(body)))
    assert stored(table, run) == run


@pytest.mark.parametrize(("status", "left"), [("completed", "done"), ("failed", "todo"), ("cancelled", "todo")])
def test_a_final_status_stays_but_other_fields_can_be_changed(
    api: Api, table: Table, task: Track, status: str, left: str
) -> None:
    run = a_run(table, task)
    ended = api.patch(url(run), {"status": status}).json
    assert ended["completed_at"]
    answer = api.patch(url(run), {"status": "in_progress"})
    assert (answer.status, answer.json["type"], answer.json["code"]) == (409, "invalid_request", "run_finished")
    again = api.patch(url(run), {"status": status, "output": {"late": True}}).json
    assert (again["output"], again["completed_at"]) == ({"late": True}, ended["completed_at"])
    assert stored_task(table, task, run.id).status == left


def test_a_claimed_run_is_changed_by_its_holder_with_the_right_fence(
    api: Api, caller: Caller, table: Table, task: Track
) -> None:
    agent = caller("agent_bo", kind="agent")
    lease = {"holder": "agent_bo", "fence": 3, "lease_until": "2999-01-01T00:00:00.000Z"}
    run = a_run(table, task, status="in_progress", dispatched_at=clock.now(), **lease)
    shown = agent.patch(url(run), {"stage": "build"}, headers={"claim-fence": "3"}).json
    assert {name: shown[name] for name in lease} == lease
    stale = agent.patch(url(run), {"stage": "plan"}, headers={"claim-fence": "2"})
    assert (stale.status, stale.json["code"]) == (409, "stale_fence")
    foreign = api.patch(url(run), {"stage": "plan"})
    assert (foreign.status, foreign.json["code"]) == (409, "leased")
    assert agent.patch(url(run), {"status": "completed"}, headers={"claim-fence": "3"}).status == 200
    late = agent.patch(url(run), {"output": 1}, headers={"claim-fence": "3"})
    assert (late.status, late.json["code"]) == (409, "stale_fence")


def test_a_run_put_back_into_the_queue_is_offered_again(api: Api, caller: Caller, table: Table, task: Track) -> None:
    lease = {"holder": "agent_bo", "fence": 3, "lease_until": "2999-01-01T00:00:00.000Z"}
    run = a_run(table, task, status="in_progress", dispatched_at=clock.now(), dispatches=1, **lease)
    shown = caller("agent_bo", kind="agent").patch(url(run), {"status": "queued"}).json
    assert (shown["status"], shown["holder"], shown["lease_until"]) == ("queued", None, None)


def test_what_has_begun_is_not_made_unstarted(api: Api, table: Table, task: Track) -> None:
    answer = api.patch(url(a_run(table, task)), {"status": "not_started"})
    assert (answer.status, answer.json["code"]) == (409, "conflict")


def test_a_task_remembers_the_stages_of_its_runs(api: Api, table: Table, task: Track) -> None:
    run = a_run(table, task)
    for stage_name in ("plan", "build", "plan", None):
        assert api.patch(url(run), {"stage": stage_name}).status == 200
    assert stored_task(table, task, run.id).stages == ("plan", "build")
    assert api.get("/api/projects/1/tasks/?stage=plan").json["count"] == 1
    for number in range(STAGES_MAX):
        api.patch(url(run), {"stage": f"s{number}", "status": "in_progress"})
    kept = stored_task(table, task, run.id)
    assert kept.stages == tuple(f"s{number}" for number in range(STAGES_MAX))
    assert kept.latest_run_status == "in_progress"


def test_a_patch_costs_one_read_and_one_write(api: Api, table: Table, task: Track) -> None:
    run = a_run(table, task, status="in_progress", stage="build")
    api.patch(url(run), {"stage": "build"})
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    api.patch(url(run), {"state": {"a": 1}})
    api.patch(url(run), {"status": "completed"})
    assert calls == ["batch_get_item", "update_item", "batch_get_item", "transact_write_items"]


# ---------------------------------------------------------------- handing over, starting, resuming


def test_a_run_is_handed_to_a_local_session_and_comes_back(api: Api, table: Table, task: Track) -> None:
    lease = {"holder": "agent_bo", "fence": 1, "lease_until": "2999-01-01T00:00:00.000Z"}
    pending = {"mode": "background", "pending_user_message": "m", "pending_user_artifact_ids": ["a"], "kept": 1}
    run = a_run(table, task, status="in_progress", state=pending, dispatches=1, dispatched_at=clock.now(), **lease)
    active = api.post(url(run, "resume_in_cloud/"))
    assert (active.status, active.json) == (400, {"error": "Run is already active in cloud"})
    local = api.patch(url(run), {"environment": "local"}).json
    assert (local["environment"], local["status"], local["holder"]) == ("local", "in_progress", None)
    back = api.post(url(run, "resume_in_cloud/"))
    assert back.status == 200
    assert (back.json["environment"], back.json["status"]) == ("cloud", "queued")
    assert back.json["state"] == {"mode": "interactive", "kept": 1, "handoff_resumed": True}
    assert stored(table, run).is_startable
    assert stored(table, run).execution == f"{run.id}-1"


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_run_that_ended_early_is_resumed(api: Api, table: Table, task: Track, status: str) -> None:
    run = a_run(table, task)
    api.patch(url(run), {"status": status, "error_message": "gone"})
    back = api.post(url(run, "resume_in_cloud/")).json
    assert (back["status"], back["error_message"], back["completed_at"]) == ("queued", None, None)
    assert stored_task(table, task, run.id).latest_run_status == "queued"


def test_a_run_of_a_finished_task_is_not_resumed(api: Api, table: Table, task: Track) -> None:
    run = a_run(table, task)
    api.patch(url(run), {"status": "completed"})
    assert api.post(url(run, "resume_in_cloud/")).status == 409


def test_only_waiting_cloud_runs_are_started(api: Api, table: Table, project: Project, task: Track) -> None:
    local = a_run(table, task, environment="local")
    answer = api.post(url(local, "start/"), {})
    assert (answer.status, answer.json) == (400, {"error": "Only cloud runs can be started via this endpoint"})
    for status in ("in_progress", "completed", "failed", "cancelled"):
        run = a_run(table, a_task(table, project), status=status)
        answer = api.post(url(run, "start/"), {})
        problem = f"Only queued or not_started cloud runs can be started (current status: {status})"
        assert (answer.status, answer.json) == (400, {"error": problem})


def test_a_start_names_artifacts_of_the_run(api: Api, table: Table, task: Track) -> None:
    stage(table, task, "a", "b")
    made = start(api, task, pending_user_artifact_ids=["a", "b"])
    path = f"{base(task)}/runs/{made['id']}/start/"
    answer = api.post(path, {"pending_user_artifact_ids": ["b", "x", "a", "y"]})
    assert (answer.status, answer.json) == (
        400,
        {"detail": "Some pending_user_artifact_ids are invalid for this run", "missing_artifact_ids": ["x", "y"]},
    )
    started = api.post(path, {"pending_user_artifact_ids": ["b"]}).json["latest_run"]
    assert started["state"]["pending_user_artifact_ids"] == ["b"]


def test_starting_an_older_run_shows_the_tasks_latest(api: Api, table: Table, task: Track) -> None:
    older, newer = a_run(table, task, status="not_started"), a_run(table, task)
    assert api.post(url(older, "start/")).json["latest_run"]["id"] == newer.id
    assert stored(table, older).is_startable


def test_a_run_of_a_finished_task_is_not_started(api: Api, table: Table, task: Track) -> None:
    run = a_run(table, task, status="not_started")
    api.patch(f"/v1/tracks/{task.id}", {"task": {"status": "done"}})
    assert api.post(url(run, "start/"), {}).status == 409


# ---------------------------------------------------------------- set_output

SCHEMA = {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"]}


def with_schema(table: Table, project: Project, schema: Any = SCHEMA, **run: Any) -> Run:
    return a_run(table, a_task(table, project, ext={"projects": {"json_schema": schema}}), **run)


def test_an_output_replaces_the_one_before(api: Api, table: Table, task: Track) -> None:
    run = a_run(table, task, output={"old": 1})
    for output in ({"new": 1}, [1], "text", 0, False):
        answer = api.patch(url(run, "set_output/"), {"output": output})
        assert (answer.status, answer.json["output"], answer.json["status"]) == (200, output, "queued")


@pytest.mark.parametrize(("body", "code"), [({}, "required"), ({"output": None}, "null")])
def test_an_output_must_be_given(api: Api, table: Table, task: Track, body: Any, code: str) -> None:
    answer = api.patch(url(a_run(table, task), "set_output/"), body)
    assert (answer.status, answer.json["code"], answer.json["attr"]) == (400, code, "output")


def test_an_output_that_fits_the_tasks_schema_completes_the_run(api: Api, table: Table, project: Project) -> None:
    run = with_schema(table, project, status="in_progress")
    answer = api.patch(url(run, "set_output/"), {"output": {"answer": 42}})
    assert (answer.status, answer.json["status"], answer.json["output"]) == (200, "completed", {"answer": 42})
    late = api.patch(url(run, "set_output/"), {"output": {"answer": 43}}).json
    assert (late["status"], late["output"]) == ("completed", {"answer": 43})


def test_an_output_of_a_local_session_does_not_end_it(api: Api, table: Table, project: Project) -> None:
    run = with_schema(table, project, environment="local", status="in_progress")
    assert api.patch(url(run, "set_output/"), {"output": {"answer": 42}}).json["status"] == "in_progress"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (SCHEMA, "'answer' is a required property"),
        ({"$ref": "#/$defs/nothing"}, "refers to what it does not contain"),
        ({"$ref": "http://127.0.0.1:9/schema"}, "refers to what it does not contain"),
        ({"$ref": "#"}, "refers to itself without end"),
    ],
)
def test_an_output_that_breaks_the_schema_changes_nothing(
    api: Api, table: Table, project: Project, schema: Any, words: str
) -> None:
    run = with_schema(table, project, schema)
    answer = api.patch(url(run, "set_output/"), {"output": {}})
    assert answer.status == 400
    assert answer.json["error"].startswith("Output validation error: ")
    assert words in answer.json["error"]
    assert stored(table, run) == run


def test_a_pattern_that_tries_for_years_refuses_the_output(
    api: Api, table: Table, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas, "SECONDS_MAX", 0.2)
    run = with_schema(table, project, {"type": "string", "pattern": "^(a+)+$"})
    answer = api.patch(url(run, "set_output/"), {"output": "a" * 40 + "!"})
    assert answer.status == 400
    assert "took longer than 0.2 seconds" in answer.json["error"]
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert stored(table, run) == run


def test_a_schema_with_a_broken_pattern_is_refused_when_it_is_set(api: Api, task: Track) -> None:
    answer = api.patch(f"{base(task)}/", {"json_schema": {"type": "string", "pattern": "("}})
    assert (answer.status, answer.json["attr"]) == (400, "json_schema")


# ---------------------------------------------------------------- cancel, and what needs a sandbox


def test_anyone_cancels_a_run_once(api: Api, table: Table, task: Track) -> None:
    lease = {"holder": "agent_bo", "fence": 1, "lease_until": "2999-01-01T00:00:00.000Z"}
    run = a_run(table, task, status="in_progress", **lease)
    first, second = (api.post(url(run, "cancel/")) for _ in range(2))
    assert (first.status, first.json["status"], first.json["holder"]) == (200, "cancelled", None)
    assert second.json == first.json
    assert stored_task(table, task, run.id).status == "todo"
    done = a_run(table, task, status="completed")
    answer = api.post(url(done, "cancel"))
    assert (answer.status, answer.json["code"]) == (409, "run_finished")


@pytest.mark.parametrize("text", ["", "hello", "x" * 10_000])
def test_messages_are_not_relayed(api: Api, table: Table, task: Track, text: str) -> None:
    answer = api.post(url(a_run(table, task), "relay_message/"), {"text": text, "message_id": "m"})
    assert (answer.status, answer.json) == (200, {"status": "skipped"})


def test_a_message_has_a_bound(api: Api, table: Table, task: Track) -> None:
    run = a_run(table, task)
    refused(api.post(url(run, "relay_message/"), {}), "required", "This field is required.", "text")
    detail = "Ensure this field has no more than 10000 characters."
    refused(api.post(url(run, "relay_message/"), {"text": "x" * 10_001}), "max_length", detail, "text")


@pytest.mark.parametrize("method", ["user_message", "cancel", "close", "permission_response", "set_config_option"])
def test_commands_find_no_sandbox(api: Api, table: Table, task: Track, method: str) -> None:
    body = {"jsonrpc": "2.0", "method": method, "params": {"content": "hi"}, "id": "1"}
    answer = api.post(url(a_run(table, task), "command/"), body)
    assert (answer.status, answer.json) == (400, {"error": "No active sandbox for this task run"})


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"method": "cancel"}, "jsonrpc"),
        ({"jsonrpc": "2.0", "method": "reboot"}, "method"),
        ({"jsonrpc": "2.0", "method": "user_message", "params": {}}, "params"),
    ],
)
def test_an_invalid_command_is_refused_as_such(api: Api, table: Table, task: Track, body: Any, attr: str) -> None:
    answer = api.post(url(a_run(table, task), "command/"), body)
    assert (answer.status, answer.json["attr"]) == (400, attr)


def test_there_is_no_token_for_a_sandbox(api: Api, caller: Caller, table: Table, task: Track) -> None:
    run = a_run(table, task)
    answer = api.get(url(run, "connection_token/"))
    assert (answer.status, answer.json) == (400, {"error": "No active sandbox for this task run"})
    assert caller(scopes=["tasks:read"]).get(url(run, "connection_token/")).status == 403
