"""Follow-ups over REST: what is refused, how tasks move between statuses, lists, and safe retries."""

from typing import Any

import pytest

from switchyard.domain.ids import new_id
from tests.api.conftest import Caller
from tests.support.http import Answer, Api


def make(api: Api, title: str = "Call back", **fields: Any) -> dict[str, Any]:
    answer = api.post("/v1/tasks", {"title": title, **fields})
    assert answer.status == 201, answer.text
    return answer.json["data"]


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """Check the shape every error has; returns the error object."""
    error = answer.json["error"]
    assert (answer.status, error["code"]) == (status, code), answer.text
    assert error["message"]
    assert error["request_id"] == answer.headers["x-request-id"]
    assert error["docs_url"].endswith(f"#{code}")
    return error


def titles(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [task["title"] for task in answer.json["data"]]


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": 7}, "title"),
        ({"title": None}, "title"),
        ({"title": "a", "priority": "high"}, "priority"),
        ({"title": "a", "status": "open"}, "status"),
        ({"title": "a", "due_at": "next Friday"}, "due_at"),
        ({"title": "a", "due_at": "2026-02-30T10:00:00Z"}, "due_at"),
        ({"title": "a", "due_at": 1780000000}, "due_at"),
        ({"title": "a", "assignee_id": ""}, "assignee_id"),
        ({"title": "a", "assignee_id": "x" * 129}, "assignee_id"),
        ({"title": "a", "related_resource_type": "invoice", "related_resource_id": "1"}, "related_resource_type"),
        ({"title": "a", "related_resource_type": "contact"}, "related_resource_id"),
        ({"title": "a", "related_resource_id": "con_123"}, "related_resource_type"),
        ({"title": "a", "idempotency_key": ""}, "idempotency_key"),
        ({"title": "a", "idempotency_key": "k" * 256}, "idempotency_key"),
        ([], "body"),
    ],
)
def test_a_bad_body_is_refused_with_the_field_and_writes_nothing(api: Api, body: Any, field: str) -> None:
    error = refused(api.post("/v1/tasks", body), 400, "validation_failed")
    assert [each["field"] for each in error["field_errors"]] == [field]
    assert error["field_errors"][0]["message"]
    assert titles(api.get("/v1/tasks")) == []


@pytest.mark.parametrize(
    "query",
    [
        "status=done",
        "status=open&status=completed",
        "limit=0",
        "limit=101",
        "limit=ten",
        "sort=title",
        "cursor=AAAA",
        "due_at_from=tomorrow",
        "due_at_from=2026-06-05&due_at_to=2026-06-04",
        "related_resource_type=contact",
        "related_resource_id=con_1",
        "related_resource_type=invoice&related_resource_id=1",
    ],
)
def test_a_bad_list_query_is_refused(api: Api, query: str) -> None:
    refused(api.get(f"/v1/tasks?{query}"), 400, "validation_failed")


def test_what_is_not_json_is_refused(api: Api) -> None:
    refused(api.post("/v1/tasks", text='{"title": '), 400, "validation_failed")
    refused(
        api.post("/v1/tasks", {"title": "a"}, headers={"content-type": "text/plain"}), 415, "unsupported_media_type"
    )
    refused(api.post("/v1/tasks", {"title": "a", "description": "x" * 1_048_577}), 413, "body_too_large")


def test_a_caller_without_a_token_is_unauthorized(caller: Caller) -> None:
    answer = Api(None).get("/v1/tasks")
    refused(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/tasks", "tasks:write"),
        ("PATCH", "/v1/tasks/task_1", "tasks:write"),
        ("GET", "/v1/tasks", "tasks:read"),
        ("GET", "/v1/tasks/task_1", "tasks:read"),
    ],
)
def test_a_missing_scope_is_named(caller: Caller, method: str, path: str, scope: str) -> None:
    others = {"tasks:read", "tasks:write", "audit:read"} - {scope}
    body = {"title": "a"} if method != "GET" else None
    answer = caller(scopes=sorted(others)).request(method, path, body)
    assert refused(answer, 403, "missing_required_scope")["required_scope"] == scope


@pytest.mark.parametrize("task_id", ["task_123", "nonsense", new_id(), f"task_{new_id()}"])
def test_a_task_that_is_not_there_is_not_found(api: Api, task_id: str) -> None:
    refused(api.get(f"/v1/tasks/{task_id}"), 404, "resource_not_found")
    refused(api.patch(f"/v1/tasks/{task_id}", {"status": "completed"}), 404, "resource_not_found")


def test_another_tenants_task_is_not_found(api: Api, caller: Caller) -> None:
    task = make(api)
    other = caller(tenant=new_id())
    refused(other.get(f"/v1/tasks/{task['id']}"), 404, "resource_not_found")
    refused(other.patch(f"/v1/tasks/{task['id']}", {"status": "canceled"}), 404, "resource_not_found")
    assert titles(other.get("/v1/tasks")) == []


def test_a_personal_task_is_its_owners_alone(api: Api, caller: Caller) -> None:
    draft = {"type": "task", "title": "Mine", "scope": {"type": "personal"}}
    task_id = api.post("/v1/tracks", draft).json["id"]
    assert api.get(f"/v1/tasks/{task_id}").status == 200
    assert titles(api.get("/v1/tasks")) == ["Mine"]
    other = caller("user_bea")
    refused(other.get(f"/v1/tasks/{task_id}"), 404, "resource_not_found")
    assert titles(other.get("/v1/tasks")) == []


def test_a_goal_is_not_a_task(api: Api) -> None:
    goal = {"type": "goal", "title": "Grow", "scope": {"type": "personal"}}
    goal_id = api.post("/v1/tracks", goal).json["id"]
    refused(api.get(f"/v1/tasks/{goal_id}"), 404, "resource_not_found")


# ---------------------------------------------------------------- statuses and fields


def test_every_form_of_an_id_is_read(api: Api) -> None:
    task = make(api)
    bare = task["id"].removeprefix("task_")
    for spelling in (bare, bare.replace("-", ""), bare.upper(), f"task_{bare}"):
        assert api.get(f"/v1/tasks/{spelling}").json["data"] == task


def test_a_task_is_completed_canceled_and_reopened(api: Api) -> None:
    task = make(api)
    path = f"/v1/tasks/{task['id']}"
    completed = api.patch(path, {"status": "completed", "completed_note": "Done by mail"}).json["data"]
    assert (completed["status"], completed["completed_note"]) == ("completed", "Done by mail")
    reopened = api.patch(path, {"status": "open"}).json["data"]
    assert (reopened["status"], reopened["completed_note"], reopened["completed_at"]) == ("open", None, None)
    canceled = api.patch(path, {"status": "canceled", "completed_note": "No longer needed"}).json["data"]
    assert (canceled["status"], canceled["completed_note"], canceled["completed_at"]) == (
        "canceled",
        "No longer needed",
        None,
    )


@pytest.mark.parametrize("status", [None, "backlog", "todo", "in_progress"])
def test_open_keeps_the_finer_status_that_another_surface_set(api: Api, status: str | None) -> None:
    own = {"status": status} if status else {}
    draft = {"type": "task", "title": "Plan", "scope": {"type": "personal"}, "task": own}
    track_id = api.post("/v1/tracks", draft).json["id"]
    answer = api.patch(f"/v1/tasks/{track_id}", {"status": "open"})
    assert answer.json["data"]["status"] == "open"
    assert api.get(f"/v1/tracks/{track_id}").json["task"]["status"] == status


def test_a_new_task_is_one_to_do(api: Api) -> None:
    assert api.get(f"/v1/tracks/{make(api)['id']}").json["task"]["status"] == "todo"


def test_reopening_gives_a_task_to_do(api: Api) -> None:
    task = make(api)
    api.patch(f"/v1/tasks/{task['id']}", {"status": "canceled"})
    api.patch(f"/v1/tasks/{task['id']}", {"status": "open"})
    assert api.get(f"/v1/tracks/{task['id']}").json["task"]["status"] == "todo"


def test_a_note_alone_changes_the_note_and_an_empty_one_clears_it(api: Api) -> None:
    path = f"/v1/tasks/{make(api)['id']}"
    assert api.patch(path, {"completed_note": "Half way"}).json["data"]["completed_note"] == "Half way"
    cleared = api.patch(path, {"completed_note": ""}).json["data"]
    assert (cleared["status"], cleared["completed_note"]) == ("open", None)


def test_a_change_of_nothing_makes_no_new_version(api: Api) -> None:
    task = make(api)
    answer = api.patch(f"/v1/tasks/{task['id']}", {})
    assert answer.json["data"] == task
    assert answer.headers["etag"] == '"1"'


def test_a_change_of_an_older_version_is_refused(api: Api) -> None:
    path = f"/v1/tasks/{make(api)['id']}"
    etag = api.get(path).headers["etag"]
    assert api.patch(path, {"status": "completed"}, headers={"if-match": etag}).status == 200
    refused(api.patch(path, {"status": "open"}, headers={"if-match": etag}), 412, "precondition_failed")


def test_a_due_date_of_another_surface_shows_as_its_midnight(api: Api) -> None:
    draft = {"type": "task", "title": "Plan", "scope": {"type": "personal"}, "task": {"dueDate": "2026-06-05"}}
    track_id = api.post("/v1/tracks", draft).json["id"]
    assert api.get(f"/v1/tasks/{track_id}").json["data"]["due_at"] == "2026-06-05T00:00:00.000Z"


def test_the_source_is_that_of_the_latest_change_and_the_agent_the_last_one(caller: Caller) -> None:
    user, agent = caller(), caller("agent_mail", kind="agent")
    task = make(user)
    assert (task["source"], task["last_agent_actor_id"]) == ("api", None)
    agent.patch(f"/v1/tasks/{task['id']}", {"status": "completed"})
    reopened = user.patch(f"/v1/tasks/{task['id']}", {"status": "open"}).json["data"]
    assert reopened["last_agent_actor_id"] == "agent_mail"


# ---------------------------------------------------------------- lists


def test_lists_are_newest_first_and_paged(api: Api) -> None:
    for number in range(5):
        make(api, f"task {number}")
    first = api.get("/v1/tasks?limit=2")
    assert titles(first) == ["task 4", "task 3"]
    second = api.get(f"/v1/tasks?limit=2&cursor={first.json['next_cursor']}")
    assert titles(second) == ["task 2", "task 1"]
    last = api.get(f"/v1/tasks?limit=2&cursor={second.json['next_cursor']}")
    assert titles(last) == ["task 0"]
    assert "next_cursor" not in last.json


def test_a_cursor_fits_only_its_own_list(api: Api, caller: Caller) -> None:
    for number in range(3):
        make(api, f"task {number}")
    cursor = api.get("/v1/tasks?limit=1").json["next_cursor"]
    refused(api.get(f"/v1/tasks?status=open&cursor={cursor}"), 400, "validation_failed")
    refused(caller("user_bea").get(f"/v1/tasks?cursor={cursor}"), 400, "validation_failed")


def test_filters_narrow_a_list(api: Api) -> None:
    contact = {"related_resource_type": "contact", "related_resource_id": "con_1"}
    make(api, "bea's, of the contact", assignee_id="user_bea", **contact)
    make(api, "ada's, of the contact", assignee_id="user_ada", **contact)
    make(api, "of the deal", related_resource_type="deal", related_resource_id="con_1")
    done = make(api, "done", assignee_id="user_bea")
    api.patch(f"/v1/tasks/{done['id']}", {"status": "completed"})
    related = "related_resource_type=contact&related_resource_id=con_1"
    assert titles(api.get("/v1/tasks?status=completed")) == ["done"]
    assert titles(api.get("/v1/tasks?assignee_id=user_bea")) == ["done", "bea's, of the contact"]
    assert titles(api.get("/v1/tasks?assignee_id=user_bea&status=open")) == ["bea's, of the contact"]
    assert titles(api.get(f"/v1/tasks?{related}")) == ["ada's, of the contact", "bea's, of the contact"]
    assert titles(api.get(f"/v1/tasks?{related}&assignee_id=user_ada")) == ["ada's, of the contact"]


def test_tasks_are_found_by_due_date_soonest_first(api: Api) -> None:
    draft = {"type": "task", "title": "on the 5th", "scope": {"type": "personal"}, "task": {"dueDate": "2026-06-05"}}
    api.post("/v1/tracks", draft)
    make(api, "6th, 9:00", due_at="2026-06-06T09:00:00Z", assignee_id="user_bea")
    make(api, "5th, 9:00", due_at="2026-06-05T09:00:00Z")
    done = make(api, "done on the 5th", due_at="2026-06-05T10:00:00Z")
    api.patch(f"/v1/tasks/{done['id']}", {"status": "completed"})
    make(api, "whenever")
    day = ["on the 5th", "5th, 9:00", "done on the 5th"]
    assert titles(api.get("/v1/tasks?due_at_from=2026-06-05&due_at_to=2026-06-05")) == day
    assert titles(api.get("/v1/tasks?due_at_from=2026-06-05T00:00:00Z")) == [*day, "6th, 9:00"]
    assert titles(api.get("/v1/tasks?due_at_from=2026-06-05T00:00:01Z")) == [
        "5th, 9:00",
        "done on the 5th",
        "6th, 9:00",
    ]
    assert titles(api.get("/v1/tasks?due_at_to=2026-06-05T09:00:00Z")) == ["on the 5th", "5th, 9:00"]
    assert titles(api.get("/v1/tasks?due_at_to=2026-06-30&status=completed")) == ["done on the 5th"]
    assert titles(api.get("/v1/tasks?due_at_from=2026-06-05&assignee_id=user_bea")) == ["6th, 9:00"]


def test_open_tasks_that_are_due_are_found_without_reading_the_finished_ones(api: Api, monkeypatch: Any) -> None:
    from switchyard.http.container import shared_table

    for number in range(6):
        done = make(api, f"done {number}", due_at="2026-01-01T00:00:00Z")
        api.patch(f"/v1/tasks/{done['id']}", {"status": "completed"})
    make(api, "late", due_at="2026-02-01T00:00:00Z")
    examined = []
    monkeypatch.setattr(shared_table(), "observe", lambda _, answer: examined.append(answer.get("ScannedCount", 0)))
    assert titles(api.get("/v1/tasks?due_at_to=2026-06-30&status=open")) == ["late"]
    assert sum(examined) == 1


# ---------------------------------------------------------------- safe retries


def test_an_answer_larger_than_a_row_keeps_is_given_again_whole(api: Api) -> None:
    body = {"title": "Once", "description": "\x01" * 20_000, "idempotency_key": "key-1"}
    first = api.post("/v1/tasks", body)
    again = api.post("/v1/tasks", body)
    assert (again.status, again.text) == (201, first.text)
    assert again.headers["idempotency-replayed"] == "true"


def test_a_key_in_the_body_makes_a_retry_safe(api: Api) -> None:
    first = api.post("/v1/tasks", {"title": "Once", "idempotency_key": "key-1"})
    again = api.post("/v1/tasks", {"idempotency_key": "key-1", "title": "Once"})
    assert (again.status, again.json) == (first.status, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert titles(api.get("/v1/tasks")) == ["Once"]


def test_the_key_means_the_same_in_header_and_body(api: Api) -> None:
    first = api.post("/v1/tasks", {"title": "Once"}, headers={"Idempotency-Key": "key-1"})
    assert api.post("/v1/tasks", {"title": "Once", "idempotency_key": "key-1"}).json == first.json
    both = api.post("/v1/tasks", {"title": "Once", "idempotency_key": "key-1"}, headers={"Idempotency-Key": "key-1"})
    assert both.json == first.json
    different = api.post("/v1/tasks", {"title": "b", "idempotency_key": "k2"}, headers={"Idempotency-Key": "k3"})
    assert refused(different, 400, "validation_failed")["field_errors"][0]["field"] == "idempotency_key"


def test_a_key_used_for_another_body_is_a_conflict_that_names_it(api: Api) -> None:
    api.post("/v1/tasks", {"title": "Once", "idempotency_key": "key-1"})
    error = refused(api.post("/v1/tasks", {"title": "Twice", "idempotency_key": "key-1"}), 409, "idempotency_conflict")
    assert error["idempotency_key"] == "key-1"
    assert titles(api.get("/v1/tasks")) == ["Once"]


def test_a_key_is_one_actors_own(api: Api, caller: Caller) -> None:
    api.post("/v1/tasks", {"title": "Ada's", "idempotency_key": "key-1"})
    assert caller("user_bea").post("/v1/tasks", {"title": "Bea's", "idempotency_key": "key-1"}).status == 201


def test_a_retried_completion_answers_as_at_first_though_the_task_was_reopened(api: Api) -> None:
    path = f"/v1/tasks/{make(api)['id']}"
    body = {"status": "completed", "idempotency_key": "key-1"}
    first = api.patch(path, body)
    api.patch(path, {"status": "open"})
    assert api.patch(path, body).json == first.json
    assert api.get(path).json["data"]["status"] == "open"


def test_a_refusal_is_kept_under_its_key(api: Api) -> None:
    path = f"/v1/tasks/{new_id()}"
    first = api.patch(path, {"status": "completed", "idempotency_key": "key-1"})
    refused(first, 404, "resource_not_found")
    assert api.patch(path, {"status": "completed", "idempotency_key": "key-1"}).json == first.json


def test_a_create_with_a_key_is_one_round_trip(api: Api, monkeypatch: Any) -> None:
    from switchyard.http.container import shared_table

    api.get("/v1/tasks")  # the token is known from here on
    calls = []
    monkeypatch.setattr(shared_table(), "observe", lambda operation, _: calls.append(operation))
    make(api, idempotency_key="key-1")
    assert calls == ["transact_write_items"]


def test_title_due_date_and_assignee_are_changed_and_cleared(api: Api) -> None:
    made = api.post("/v1/tasks", {"title": "Call Jane", "due_at": "2026-12-01", "assignee_id": "user_bo"}).json["data"]
    path = f"/v1/tasks/{made['id']}"
    changed = api.patch(path, {"title": "Call Jane Doe", "due_at": "2026-12-02T09:00:00Z", "assignee_id": "agent_a"})
    data = changed.json["data"]
    shown = (data["title"], data["due_at"], data["assignee_id"], data["status"])
    assert shown == ("Call Jane Doe", "2026-12-02T09:00:00.000Z", "agent_a", "open")
    assert api.patch(path, {"due_at": "2026-12-02T09:00:00Z"}).headers["etag"] == changed.headers["etag"]
    cleared = api.patch(path, {"due_at": "", "assignee_id": ""}).json["data"]
    assert (cleared.get("due_at"), cleared.get("assignee_id"), cleared["title"]) == (None, None, "Call Jane Doe")
    for wrong in ({"title": ""}, {"title": None}, {"due_at": "soon"}, {"description": "x"}):
        refused = api.patch(path, wrong)
        assert refused.status == 400, refused.text
        assert refused.json["error"]["field_errors"][0]["field"] in wrong
