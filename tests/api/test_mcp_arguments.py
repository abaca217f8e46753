"""Arguments of tools as models really send them, and what stays strict."""

import json
from typing import Any

import pytest

from switchyard.domain import clock, questions
from switchyard.ledger import questions as verbs
from switchyard.ledger import runs
from switchyard.mcp.tools import TOOLS
from switchyard.store.table import Table
from tests.support.http import Api
from tests.support.mcp import Mcp
from tests.support.runs import Runs


@pytest.fixture
def mcp(api: Api) -> Mcp:
    return Mcp(api)


def schemas(mcp: Mcp) -> dict[str, Any]:
    return {tool["name"]: tool["inputSchema"] for tool in mcp.request("tools/list").json["result"]["tools"]}


def asking(table: Table, tenant: str) -> str:
    """The id of a task whose run has an open question."""
    ledger = Runs(table, tenant)
    run = ledger.run(dispatched_at=clock.now(), dispatches=1)
    ledger.claim(run)
    unit = ledger.unit("agent_bo")
    task, found = runs.find(unit, run.task_id, run.id)
    verbs.ask(unit, task, found, questions.ask(found, unit.actor, "Which?"))
    unit.commit(200, {}, "")
    return run.task_id


@pytest.fixture
def required(mcp: Mcp, table: Table, tenant: str) -> dict[str, dict[str, Any]]:
    """The least that each tool takes."""
    task_id = mcp.ok("create_task", title="Call back")["task"]["id"]
    return {
        "create_task": {"title": "Write"},
        "list_tasks": {},
        "get_task": {"task_id": task_id},
        "update_task": {"task_id": task_id},
        "complete_task": {"task_id": task_id},
        "claim_next_task": {},
        "ask": {"task_id": asking(table, tenant)},
        "comment": {"task_id": task_id},
        "plan_work": {"drafts": [{"id": "a", "title": "A", "task": {}}]},
        "search_tracks": {},
    }


def test_null_for_any_optional_argument_of_any_tool_is_one_left_out(
    mcp: Mcp, required: dict[str, dict[str, Any]]
) -> None:
    assert required.keys() == TOOLS.keys()
    for name, schema in schemas(mcp).items():
        nulls = dict.fromkeys(schema["properties"].keys() - required[name].keys())
        assert nulls or name == "get_task"
        mcp.ok(name, **required[name], **nulls)


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_null_for_a_required_argument_is_refused(mcp: Mcp, name: str) -> None:
    for argument in schemas(mcp)[name].get("required", []):
        error = mcp.refused(name, "validation_failed", **{argument: None})
        assert argument in [each["field"] for each in error["field_errors"]]


def test_null_is_left_out_at_every_depth_but_not_of_free_form_objects(mcp: Mcp) -> None:
    task = {"dueDate": None, "dependsOn": None, "assignee": None, "goalId": None, "parentId": None, "status": None}
    draft = {"id": "a", "title": "Deep", "task": task, "goal": None, "relatedResource": None, "metadata": {"x": None}}
    scope = {"type": "projects", "ids": ["docs"], "sharedWith": None}
    planned = mcp.ok("plan_work", drafts=[draft], scope=scope)
    shown = mcp.api.get(f"/v1/tracks/{planned['results'][0]['id']}").json
    assert shown["metadata"] == {"x": None}
    assert shown["scope"] == {"type": "projects", "ids": ["docs"]}


def test_arrays_and_objects_may_come_as_json_text(mcp: Mcp) -> None:
    draft = {"id": "b", "title": "B", "task": json.dumps({"dependsOn": '["a"]'}), "metadata": '{"n": [1.0]}'}
    drafts = json.dumps([{"id": "a", "title": "[1, 2]", "task": "{}"}, draft])
    planned = mcp.ok("plan_work", drafts=drafts, scope='{"type": "projects", "ids": "[\\"docs\\"]"}')
    first, second = (mcp.api.get(f"/v1/tracks/{each['id']}").json for each in planned["results"])
    assert first["title"] == "[1, 2]"
    assert second["task"]["dependsOn"] == [first["id"]]
    assert second["metadata"] == {"n": [1.0]}
    assert second["scope"]["ids"] == ["docs"]
    found = mcp.ok("search_tracks", dependsOn=json.dumps([first["id"]]))
    assert [each["id"] for each in found["items"]] == [second["id"]]


def test_the_arguments_as_a_whole_may_come_as_json_text(mcp: Mcp) -> None:
    answer = mcp.request("tools/call", {"name": "create_task", "arguments": '{"title": "As text"}'})
    assert answer.json["result"]["structuredContent"]["task"]["title"] == "As text"


def test_floats_without_a_fraction_are_integers(mcp: Mcp) -> None:
    mcp.ok("list_tasks", limit=25.0)
    mcp.ok("claim_next_task", lease_seconds=60.0)
    mcp.ok("search_tracks", type="goal", progressMin=0.0, progressMax=1e2)
    goal = {"id": "g", "title": "G", "goal": {"progress": 40.0}}
    planned = mcp.ok("plan_work", drafts=[goal])
    assert mcp.api.get(f"/v1/tracks/{planned['results'][0]['id']}").json["goal"]["progress"] == 40


def test_an_empty_text_for_a_filter_of_a_tool_that_only_reads_is_one_left_out(
    mcp: Mcp, required: dict[str, dict[str, Any]]
) -> None:
    reading = [name for name, tool in TOOLS.items() if tool.annotations["readOnlyHint"]]
    assert {"list_tasks", "search_tracks"} <= set(reading)
    for name in reading:
        empty = dict.fromkeys(schemas(mcp)[name]["properties"].keys() - required[name].keys(), "")
        found = mcp.ok(name, **required[name], **empty)
        assert found | {"request_id": ""} == mcp.ok(name, **required[name]) | {"request_id": ""}


@pytest.mark.parametrize(
    ("name", "arguments", "field"),
    [
        ("get_task", {"task_id": ""}, "task_id"),
        ("list_tasks", {"page": ""}, "page"),
        ("create_task", {"title": "Write", "due_at": ""}, "due_at"),
        ("claim_next_task", {"priority": ""}, "priority"),
    ],
)
def test_elsewhere_an_empty_text_is_a_value(mcp: Mcp, name: str, arguments: dict[str, Any], field: str) -> None:
    error = mcp.refused(name, "validation_failed", **arguments)
    assert [each["field"] for each in error["field_errors"]] == [field]


def test_null_for_the_params_of_a_message_is_none(mcp: Mcp) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert mcp.post({**message, "params": None}).json == mcp.post(message).json


def test_what_is_wrong_is_said_in_the_words_of_json(mcp: Mcp) -> None:
    draft = {"id": "a", "title": "A", "task": {}}
    for arguments, field, message in (
        ({"drafts": [draft], "scope": "personal"}, "scope", "should be an object; expected an object"),
        ({"drafts": {"a": draft}}, "drafts", "should be a valid array; expected an array"),
        ({"drafts": [{**draft, "metadata": "x"}]}, "drafts.0.metadata", "should be an object; expected an object"),
    ):
        (error,) = mcp.refused("plan_work", "validation_failed", **arguments)["field_errors"]
        assert error == {"field": field, "message": message}


@pytest.mark.parametrize(
    ("name", "arguments", "field"),
    [
        ("list_tasks", {"limit": "25"}, "limit"),
        ("list_tasks", {"limit": 2.5}, "limit"),
        ("list_tasks", {"limit": True}, "limit"),
        ("list_tasks", {"limit": 1e300}, "limit"),
        ("list_tasks", {"page": None}, "page"),
        ("search_tracks", {"status": "todo"}, "status"),
        ("search_tracks", {"status": '{"a": 1}'}, "status"),
        ("search_tracks", {"status": "[" * 5000}, "status"),
        ("search_tracks", {"status": [None]}, "status.0"),
        ("create_task", {"title": 5}, "title"),
        ("plan_work", {"drafts": '["a"]'}, "drafts.0"),
        ("plan_work", {"drafts": [{"id": "a", "title": "A", "task": "[]"}]}, "drafts.0.task"),
    ],
)
def test_everything_else_stays_strict(mcp: Mcp, name: str, arguments: dict[str, Any], field: str) -> None:
    error = mcp.refused(name, "validation_failed", **arguments)
    assert [each["field"] for each in error["field_errors"]] == [field]


def test_two_forms_of_the_same_arguments_are_one_call_under_a_key(mcp: Mcp) -> None:
    draft = {"id": "a", "title": "Once", "task": {}}
    first = mcp.ok("plan_work", drafts=[draft], idempotency_key="k")
    again = mcp.ok("plan_work", drafts=json.dumps([{**draft, "goal": None}]), scope=None, idempotency_key="k")
    assert again == first
