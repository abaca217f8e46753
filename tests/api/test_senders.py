"""What senders get wrong in form: each refusal says what would be right, and nothing is lost without a word."""

from typing import Any

import pytest

from switchyard.domain.errors import Invalid
from switchyard.domain.ids import new_id
from switchyard.http import parsing
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.mcp import Mcp
from tests.support.planning import DOCS, make_goal, make_task
from tests.support.projects import a_tenant

TASK = {"type": "task", "title": "A task", "scope": DOCS}
OBJECTIVE = {"agentId": "agent_a", "systemPromptData": {}}


def refused(answer: Answer) -> list[tuple[str, str]]:
    """Return field and what is expected of each refused input of a native surface."""
    assert answer.status in (400, 422), answer.text
    return [(each["field"], each.get("expected", "")) for each in answer.json["errors"]]


def count(api: Api) -> int:
    return len(api.get("/v1/tracks?limit=100").json["items"])


# ---------------------------------------------------------------- fields that are not known


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"external_id": "x"}, "external_id", "externalId"),
        ({"External-ID": "x"}, "External-ID", "externalId"),
        ({"task": {"due_date": "2026-01-01"}}, "task.due_date", "dueDate"),
        ({"scope": {**DOCS, "ID s": []}}, "scope.ID s", "ids"),
        ({"status": "todo"}, "status", "task.status or goal.status"),
        ({"assignee": "agent_a"}, "assignee", "task.assignee"),
        ({"data": {"title": "T", "type": "task"}}, "data", "title, type without 'data' around"),
        ({"scope": {**DOCS, "owner": "me"}}, "scope.owner", "one of type, ids, sharedWith"),
    ],
)
def test_an_unknown_field_is_refused_with_its_correct_name(api: Api, fields: Any, field: str, expected: str) -> None:
    assert refused(api.post("/v1/tracks", {**TASK, **fields})) == [(field, expected)]
    assert count(api) == 0


def test_an_unknown_field_in_a_list_is_refused_with_its_correct_name(api: Api) -> None:
    drafts = [{"id": "a", "title": "A", "task": {}}, {"id": "b", "title": "B", "task": {"depends_on": ["a"]}}]
    answer = api.post("/v1/tracks/apply", {"scope": DOCS, "updateDrafts": drafts})
    assert refused(answer) == [("updateDrafts.1.task.depends_on", "dependsOn")]


def test_an_unknown_parameter_is_refused_with_those_that_are_known(api: Api) -> None:
    assert refused(api.get("/v1/tracks?project_id=x")) == [("project_id", "projectId")]
    ((_, expected),) = refused(api.get("/v1/tracks?priority=high"))
    assert expected.startswith("one of status, assignee, goalId, ")
    assert expected.endswith(", limit, cursor")


def test_a_tool_says_which_arguments_it_takes(api: Api) -> None:
    mcp = Mcp(api)
    (error,) = mcp.refused("list_tasks", "validation_failed", assignee="u")["field_errors"]
    expected = "is not a known field; expected one of status, assignee_id, limit, cursor"
    assert error == {"field": "assignee", "message": expected}
    error = mcp.refused("get_task", "validation_failed", taskId=new_id())["field_errors"][1]
    assert error == {"field": "taskId", "message": "is not a known field; expected task_id"}


def test_an_unknown_tool_is_refused_with_those_that_there_are(api: Api) -> None:
    answer = Mcp(api).request("tools/call", {"name": "delete_task", "arguments": {}})
    assert answer.json["error"]["message"].startswith("There is no tool 'delete_task'. The tools are create_task, ")


def test_a_task_that_is_changed_where_it_is_shown_is_refused_with_where_to_send_it(api: Api, tenant: str) -> None:
    objectives = f"/v1/workspaces/{tenant}/objectives"
    tasks = f"{objectives}/{api.post(objectives, OBJECTIVE).json['metadata']['id']}/tasks"
    shown = api.post(tasks, {"task": "One"}).json
    url = f"{tasks}/{shown['metadata']['id']}"
    answer = api.patch(url, {**shown, "data": {**shown["data"], "completed": True}})
    (violation,) = answer.json["details"][1]["fieldViolations"]
    assert violation["field"] == "data"
    assert violation["description"].endswith("; to change task, completed, send it without 'data' around")
    assert api.get(url).json == shown


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/tasks", {"title": "A", "related_resource_type": "contact"}, "related_resource_id"),
        ("/v1/tasks", {"title": "A", "related_resource_id": "c"}, "related_resource_type"),
    ],
)
def test_what_is_missing_beside_another_field_is_named(api: Api, path: str, body: Any, field: str) -> None:
    assert [each["field"] for each in api.post(path, body).json["error"]["field_errors"]] == [field]


def test_a_subject_without_its_tenant_is_refused_by_the_tenant(api: Api, tenant: str) -> None:
    answer = api.post(f"/v1/workspaces/{tenant}/objectives", {**OBJECTIVE, "subject": {"id": "s"}})
    assert [each["field"] for each in answer.json["details"][1]["fieldViolations"]] == ["tenant"]


# ---------------------------------------------------------------- the pool's messages


def test_the_pool_names_all_faults_at_once(api: Api) -> None:
    answer = api.post("/api/v1/tasks", {"title": " ", "status": "todo", "priority": "HIGH", "due_date": "2026-01-01"})
    assert answer.json["message"].split("; ") == [
        "Missing required field: title",
        "Invalid status. Must be: pending, in_progress, completed, cancelled",
        "Invalid priority. Must be: low, medium, high, urgent",
        "Invalid due_date: is not a known field. Must be: dueDate",
    ]
    assert api.get("/api/v1/tasks").json == []


def test_the_pool_names_a_sort_that_its_bounds_exclude(api: Api) -> None:
    answer = api.get("/api/v1/tasks?sort=created&dueDateFrom=2026-01-01")
    assert answer.json["message"].startswith("Invalid sort: ")


def test_the_pool_does_not_advise_an_empty_text_for_null(api: Api) -> None:
    answer = api.post("/api/v1/tasks/claim", {"leaseSeconds": None})
    assert answer.json["message"] == "Invalid leaseSeconds: may not be null. Must be: a value, or no such field"


# ---------------------------------------------------------------- one field given twice


@pytest.mark.parametrize(
    ("path", "text", "field"),
    [
        ("/v1/tracks", '{"type": "task", "title": "A", "scope": {"type": "personal"}, "title": "B"}', "title"),
        ("/v1/tracks", '{"type": "task", "title": "A", "scope": {"type": "personal", "type": "personal"}}', "type"),
        ("/v1/tracks", '{"id": "x", "type": "task", "title": "", "title": "B"}', "title"),
        ("/api/v1/tasks", '{"title": "A", "metadata": {"a": {"b": 1, "b": 2}}}', "b"),
        ("/v1/tasks", '{"title": "A", "title": "A"}', "title"),
        ("/api/projects/1/tasks", '{"title": "A", "title": "B"}', "title"),
        ("/mcp", '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "create_task", '
         '"arguments": {"title": "A", "title": "B"}}}', "title"),
    ],
)  # fmt: skip
def test_a_field_that_is_given_twice_is_refused(
    api: Api, table: Table, tenant: str, path: str, text: str, field: str
) -> None:
    a_tenant(table, tenant, "Docs")
    answer = api.request("POST", path, text=text)
    assert answer.status == 400
    assert field in answer.text
    assert "twice" in answer.text
    assert count(api) == 0


def test_numbers_of_any_length_are_no_reason_to_fail(api: Api) -> None:
    text = '{"title": "A", "metadata": {"a": %s, "b": 1e-7}}' % ("9" * 4000)
    assert api.request("POST", "/api/v1/tasks", text=text).json["metadata"]["b"] == 1e-7


# ---------------------------------------------------------------- bytes that are no UTF-8


def test_bytes_that_are_no_utf8_are_refused(api: Api) -> None:
    """The gateway puts U+FFFD, of three bytes, in the place of each byte that it cannot decode."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {api.token}"}
    text = '{"title": "Caf\ufffd"}'
    sent = len(text.encode()) - 2
    answer = api.answer("POST", "/v1/tasks", {**headers, "content-length": str(sent)}, text)
    (error,) = answer.json["error"]["field_errors"]
    assert error == {"field": "body", "message": "is not UTF-8; expected JSON in UTF-8 (RFC 8259 §8.1)"}
    assert count(api) == 0
    for length in ({}, {"content-length": str(len(text.encode()))}):
        answer = api.answer("POST", "/v1/tasks", {**headers, **length}, text)
        assert (answer.status, answer.json["data"]["title"]) == (201, "Caf\ufffd")


# ---------------------------------------------------------------- blanks around


def test_blanks_around_an_id_are_left_out(api: Api) -> None:
    first = make_task(api, "First")["id"]
    for url in (f"/api/v1/tasks/%20task_{first}", f"/v1/tasks/{first}%20", f"/v1/tracks/{first}%0A"):
        assert api.get(url).status == 200, url
    made = api.post("/api/v1/tasks", {"title": "Second", "dependsOn": [f" task_{first}\n"]})
    assert made.json["dependsOn"] == [f"task_{first}"]
    assert Mcp(api).ok("get_task", task_id=f" {first}\n")["task"]["title"] == "First"


def test_a_list_takes_the_ids_and_the_cursor_that_others_show(api: Api, table: Table, tenant: str) -> None:
    a_tenant(table, tenant, "Docs")
    first, second = (api.post("/api/projects/1/tasks", {"title": each}).json["id"] for each in ("First", "Second"))
    found = api.post("/api/projects/1/tasks/summaries", {"ids": [f"task_{first}", f" {second} "]}).json["results"]
    assert sorted(each["id"] for each in found) == sorted([first, second])
    cursor = api.get("/v1/tracks?limit=1").json["nextCursor"]
    (last,) = api.get(f"/v1/tracks?limit=1&cursor=%20{cursor}%0A").json["items"]
    assert last["id"] == first


def test_a_value_that_is_given_twice_is_named(api: Api) -> None:
    first = make_task(api, "First")["id"]
    answer = api.post("/v1/tracks", {**TASK, "task": {"dependsOn": [first, f"task_{first}"]}})
    (error,) = answer.json["errors"]
    assert (error["field"], error["reason"]) == ("task.dependsOn", f"names a value twice: {first!r}")


def test_a_body_of_null_is_refused_with_what_a_body_is(api: Api) -> None:
    assert refused(api.request("POST", "/v1/tracks", text="null")) == [("body", "a JSON object")]


def test_an_id_with_blanks_changes_its_track_and_makes_no_other(api: Api) -> None:
    first = make_task(api, "First")["id"]
    body = {"scope": DOCS, "updateDrafts": [{"id": f" {first}", "title": "Renamed", "task": {}}]}
    (result,) = api.post("/v1/tracks/apply", body).json["results"]
    assert (result["id"], result["outcome"]) == (first, "updated")
    assert count(api) == 1


def test_blanks_around_a_name_are_left_out(api: Api, tenant: str) -> None:
    body = {"title": "A", "assignedTo": " agent_a ", "spaceId": "docs "}
    made = api.post("/api/v1/tasks", body).json
    assert (made["assignedTo"], made["spaceId"]) == ("agent_a", "docs")
    for query in ("assignedTo=agent_a", "assignedTo=%20agent_a", "spaceId=docs"):
        assert [each["id"] for each in api.get(f"/api/v1/tasks?{query}").json] == [made["id"]]
    assert len(api.get("/v1/tracks?assignee=%20agent_a,other").json["items"]) == 1
    assert api.post("/v1/tracks", {**TASK, "externalId": " E-1 "}).json["externalId"] == "E-1"
    assert api.post("/v1/tracks", {**TASK, "externalId": "E-1"}).status == 409
    objectives = f"/v1/workspaces/{tenant}/objectives"
    assert api.post(objectives, {**OBJECTIVE, "metadata": {"externalId": " E-2"}}).status == 200
    assert api.get(f"{objectives}/external_id:%20E-2").json["metadata"]["externalId"] == "E-2"


def test_a_name_of_blanks_is_empty(api: Api) -> None:
    made = api.post("/api/v1/tasks", {"title": "A", "assignedTo": "agent_a"}).json
    assert "assignedTo" not in api.patch(f"/api/v1/tasks/{made['id']}", {"assignedTo": "  "}).json
    assert refused(api.post("/v1/tracks", {**TASK, "externalId": "  "}))[0][0] == "externalId"


# ---------------------------------------------------------------- external ids, and what is not there


def test_an_upsert_finds_an_external_id_however_it_is_written(api: Api) -> None:
    def upsert(name: str, title: str) -> Any:
        body = {"scope": DOCS, "upserts": [{"externalId": name, "title": title, "task": {}}]}
        return api.post("/v1/tracks/apply", body).json["results"][0]

    made, again = upsert("Plan-1", "One"), upsert("PLAN-1", "Two")
    assert (again["id"], again["outcome"]) == (made["id"], "updated")
    shown = api.get(f"/v1/tracks/{made['id']}").json
    assert (shown["externalId"], shown["title"]) == ("Plan-1", "Two")
    body = {"scope": DOCS, "upserts": [{"id": made["id"], "externalId": "Plan-2"}]}
    assert [field for field, _ in refused(api.post("/v1/tracks/apply", body))] == ["upserts.0.externalId"]


def test_a_delete_of_what_is_not_there_speaks_of_no_labels(api: Api) -> None:
    answer = api.post("/v1/tracks/apply", {"scope": DOCS, "deleteDrafts": [new_id()]})
    assert refused(answer) == [("deleteDrafts.0", "the UUID of an existing track")]


def test_a_task_that_is_not_there_is_named_as_the_surface_names_tasks(api: Api, caller: Caller) -> None:
    task = new_id()
    text = f"There is no task with the id task_{task}."
    assert api.get(f"/v1/tasks/{task}").json["error"]["message"] == text
    assert Mcp(api).refused("get_task", "resource_not_found", task_id=task)["message"] == text
    assert api.get(f"/v1/tracks/{task}").json["detail"] == f"There is no track with the id {task}."
    error = Mcp(api).refused("get_task", "resource_not_found", task_id="a\nb")
    assert error["message"] == "There is no task with the id 'a\\nb'."


def test_a_goal_is_no_task(api: Api) -> None:
    goal = make_goal(api)["id"]
    assert api.get(f"/v1/tasks/{goal}").json["error"]["message"] == f"There is no task with the id task_{goal}."


def test_each_field_of_the_largest_body_is_looked_at_once_to_find_one_that_is_given_twice() -> None:
    looked = 0

    class Name(str):
        """A field's name that counts how often it is compared."""

        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal looked
            looked += 1
            return str.__eq__(self, other)

    pairs: list[tuple[str, Any]] = [(Name(f"k{place}"), 1) for place in range(2_000)]
    with pytest.raises(Invalid) as caught:
        parsing.once([*pairs, (Name("k1999"), 2)])
    assert caught.value.fields[0].field == "k1999"
    assert looked < 4_000
