"""What an API shows, it takes back: read, then write the same body, on every surface and whoever made the record."""

from typing import Any

import pytest

from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Api, all_endpoints
from tests.support.planning import assert_refused, make_task
from tests.support.projects import a_tenant

PERSONAL = {"type": "personal"}
#: Those that cannot, each with the reason.
NOT_BACK = {
    # The verbs of an objective make none.
    "POST /v1/workspaces/{workspaceId}/objectives/{objectiveId}",
    # A name counts once in a tenant.
    "POST /v1/projects",
    # What is read is a calendar.
    "POST /v1/feeds",
    # What is begun is the upload of a file.
    "POST /v1/imports",
    # A run waits for one answer at a time.
    "POST /v1/runs/{task_id}/{run_id}/questions",
}

#: Objectives with as little as there can be, and with all but an external id, which one alone can have.
BARE: dict[str, Any] = {"agentId": "agent_bo", "systemPromptData": {}}
FULL: dict[str, Any] = {
    **BARE,
    "systemPromptData": {"a": [1, None]},
    "firstUserMessage": "Write it",
    "firstUserMessageData": {"b": 1},
    "variationId": "v_1",
    "metadata": {"labels": {"team": "docs"}},
    "secrets": [{"name": "KEY", "value": "hidden"}],
    "memoryCascade": [{"memoryLayerId": "m_1"}],
    "episodicMemory": {"key": "k"},
    "tenant": {"id": "t_1", "name": "T"},
    "subject": {"id": "s_1"},
    "pinnedParameters": {"p": "1"},
}


class World:
    """A tenant with a record of every kind, made on every surface."""

    def __init__(self, api: Api, table: Table, tenant: str) -> None:
        self.api = api
        self.project = a_tenant(table, tenant, "Docs")[0].id
        self.objectives = f"/v1/workspaces/{tenant}/objectives"
        goal = self.post("/v1/tracks", {"type": "goal", "title": "G", "scope": self.scope, "goal": {}})["id"]
        webhook = self.post("/api/v1/webhooks", {"url": "https://example.com/a", "events": ["task.*"]})["id"]
        tasks = self.tasks(goal)
        homed = tasks[-1]
        run = self.post(f"/api/projects/1/tasks/{homed}/runs", {})["id"]
        numbered = make_task(api, "Numbered", self.scope, goalId=goal)["id"]
        made = [self.post(self.objectives, body)["metadata"]["id"] for body in (BARE, FULL)]
        parent = {**BARE, "parentObjectiveId": made[0]}
        made.append(self.post(self.objectives, parent)["metadata"]["id"])
        task = {"title": "Report", "scope": self.scope}
        begins = ({"createTask": task}, {"createTask": {**task, "dueInDays": 1}}, {"runGoal": {"id": goal}})
        due = {"name": "Daily", "expression": "rate(1 day)"}
        schedules = [self.post("/v1/schedules", {**due, **each})["id"] for each in begins]
        self.records = {
            "/v1/schedules/{id}": [f"/v1/schedules/{each}" for each in schedules],
            "/v1/workspaces/{workspaceId}/objectives/{objectiveId}": [f"{self.objectives}/{each}" for each in made],
            "/v1/tenant": ["/v1/tenant"],
            "/v1/inbox/mail": ["/v1/inbox/mail"],
            "/v1/projects/{id}": [f"/v1/projects/{self.project}"],
            "/v1/tracks/{id}": [f"/v1/tracks/{each}" for each in (*tasks, goal, self.personal())],
            "/api/v1/tasks/{id}": [f"/api/v1/tasks/{each}" for each in tasks],
            "/v1/tasks/{id}": [f"/v1/tasks/{each}" for each in tasks],
            "/api/v1/webhooks/{id}": [f"/api/v1/webhooks/{webhook}"],
            "/api/projects/{project}/tasks/{task_id}": [f"/api/projects/-/tasks/{each}" for each in tasks],
            "/api/projects/{project}/tasks/{task_id}/runs/{run_id}": [f"/api/projects/1/tasks/{homed}/runs/{run}"],
            "/v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks/{id}": [
                f"{self.objectives}/obj_{goal}/tasks/task_{numbered}"
            ],
        }

    @property
    def scope(self) -> dict[str, Any]:
        return {"type": "projects", "ids": [self.project]}

    def post(self, path: str, body: Any) -> Any:
        answer = self.api.post(path, body)
        assert answer.status in (200, 201), answer.text
        return answer.json

    def personal(self) -> str:
        return str(make_task(self.api, "Mine", PERSONAL)["id"])

    def tasks(self, goal: str) -> list[str]:
        """Tasks as each surface makes them, bare and with everything; the last is one of the project."""
        bare = make_task(self.api, "Bare", self.scope)["id"]
        full = make_task(
            self.api,
            "Full",
            self.scope,
            {"description": "Text", "relatedResource": {"type": "deal", "id": "d1"}, "metadata": {"a": [1, None]}},
            status="done",
            dueDate="2026-12-01",
            assignee="agent_a",
            dependsOn=[bare],
            goalId=goal,
        )["id"]
        pool = {"title": "Pool", "dueDate": "2026-12-01T10:30:00Z", "spaceId": "s1", "metadata": {"x": 1}}
        made = [
            self.post("/api/v1/tasks", {"title": "Nobody's"})["id"],
            self.post("/api/v1/tasks", pool)["id"],
            self.post("/v1/tasks", {"title": "Follow up", "due_at": "2026-12-02"})["data"]["id"],
        ]
        homed = self.post("/api/projects/1/tasks", {"description": "Write it. Then print it."})["id"]
        return [bare, full, *(each.removeprefix("task_") for each in made), homed]

    def shown(self, url: str) -> tuple[Any, str | None]:
        answer = self.api.get(url)
        assert answer.status == 200, answer.text
        return answer.json, answer.headers.get("etag")


@pytest.fixture
def world(api: Api, table: Table, tenant: str) -> World:
    return World(api, table, tenant)


def written() -> dict[str, str]:
    """Each `METHOD /path` that writes a record with the path that shows it."""
    shown = {path for each in all_endpoints() if each.operation.method == "GET" for path in each.operation.paths}
    found = {}
    for each in all_endpoints():
        method, body = each.operation.method, each.operation.body
        for path in each.operation.paths if body and method in ("PUT", "PATCH", "POST") else ():
            one = [other for other in shown if other.rpartition("/")[0] == path and other.endswith("}")]
            if method != "POST" and path in shown:
                found[f"{method} {path}"] = path
            elif method == "POST" and one:
                found[f"{method} {path}"] = one[0]
    return {route: path for route, path in found.items() if route not in NOT_BACK}


#: What a copy has as the record has it.
COPIED = {"title", "description", "task", "priority", "url", "parentObjectiveId", *FULL} - {"metadata"}
CHANGES = [route for route in written() if not route.startswith("POST")]
COPIES = [route for route in written() if route.startswith("POST")]


def test_every_surface_with_records_is_held_to_it() -> None:
    assert {path.split("/")[1] + path.split("/")[2] for path in written().values()} == {
        "v1inbox",
        "v1projects",
        "v1schedules",
        "v1tenant",
        "v1tracks",
        "v1tasks",
        "v1workspaces",
        "apiv1",
        "apiprojects",
    }
    assert len(CHANGES) >= 8
    assert len(COPIES) >= 6


@pytest.mark.parametrize("route", CHANGES)
def test_what_is_read_can_be_written_back_and_changes_nothing(world: World, route: str) -> None:
    method = route.split(" ")[0]
    for url in world.records[written()[route]]:
        before, etag = world.shown(url)
        for body in (before, before.get("data", before)):
            answer = world.api.request(method, url, body)
            assert answer.status == 200, (url, answer.text)
            again, same = world.shown(url)
            assert same == etag, (url, before, again)
            assert {**again, "request_id": ""} == {**before, "request_id": ""}


@pytest.mark.parametrize("route", COPIES)
def test_what_is_read_can_be_created_again(world: World, route: str) -> None:
    path = written()[route]
    for url in world.records[path]:
        before, _ = world.shown(url)
        body = before.get("data", before)
        if body.get("status") == "completed" and path == "/v1/tasks/{id}":
            continue  # A follow-up is created open.
        collection = url.rpartition("/")[0].replace("/-/", "/1/")
        if path == "/v1/tracks/{id}" and not body["scope"].get("ids") and body["scope"]["type"] == "projects":
            body = {**body, "scope": world.scope}
        answer = world.api.post(collection, body)
        assert answer.status in (200, 201), (url, answer.text)
        made = answer.json.get("data", answer.json)
        for name in COPIED & body.keys():
            if name == "task" and isinstance(body["task"], dict):
                assert made["task"] == {**body["task"], "number": made["task"]["number"]}
            else:
                assert made[name] == body[name]


def test_an_objective_that_is_sent_back_says_who_has_its_external_id(world: World) -> None:
    body = {**BARE, "metadata": {"externalId": "x", "labels": {"a": "b"}}}
    shown = world.api.get(f"{world.objectives}/{world.post(world.objectives, body)['metadata']['id']}").json
    assert world.api.post(world.objectives, shown).status == 409
    shown["metadata"]["externalId"] = "y"
    copy = world.api.post(world.objectives, shown)
    assert copy.status == 200
    assert (copy.json["metadata"]["labels"], copy.json["agentId"]) == ({"a": "b"}, "agent_bo")
    refused = world.api.post(world.objectives, {**shown, "nonsense": 1})
    assert (refused.status, refused.json["message"]) == (400, "nonsense: is not a known field")


def test_drafts_take_back_what_planning_shows(world: World) -> None:
    shown = [world.shown(url)[0] for url in world.records["/v1/tracks/{id}"]]
    for name in ("updateDrafts", "upserts"):
        answer = world.api.post("/v1/tracks/apply", {"scope": world.scope, name: shown})
        assert answer.status == 200, answer.text
        assert {each["outcome"] for each in answer.json["results"]} == {"unchanged"}


@pytest.mark.parametrize(
    ("path", "changes", "field"),
    [
        ("/v1/tracks/{id}", {"version": 99}, "version"),
        ("/v1/tracks/{id}", {"createdBy": "user_eve"}, "createdBy"),
        ("/v1/tracks/{id}", {"task": {"number": 7}}, "task.number"),
        ("/api/v1/tasks/{id}", {"organizationId": "other"}, "organizationId"),
        ("/api/v1/tasks/{id}", {"createdAt": "2020-01-01T00:00:00Z"}, "createdAt"),
        ("/api/v1/webhooks/{id}", {"disabledReason": "mine"}, "disabledReason"),
        ("/v1/workspaces/{workspaceId}/objectives/{objectiveId}/tasks/{id}", {"number": 99}, "number"),
        ("/v1/tasks/{id}", {"description": "Another"}, "description"),
        ("/v1/tasks/{id}", {"tenant_id": "other"}, "tenant_id"),
    ],
)
def test_a_read_only_field_that_differs_is_refused_by_name(
    world: World, path: str, changes: dict[str, Any], field: str
) -> None:
    url = world.records[path][0]
    before, etag = world.shown(url)
    record = before.get("data", before)
    merged = {name: {**record[name], **value} if isinstance(value, dict) else value for name, value in changes.items()}
    answer = world.api.patch(url, {**record, **merged})
    assert answer.status in (400, 422), answer.text
    assert field in answer.text
    assert "read-only" in answer.text
    assert world.shown(url)[1] == etag


def test_null_for_what_is_empty_comes_with_the_record_and_clears_nothing(world: World) -> None:
    url = world.records["/v1/tracks/{id}"][1]
    shown, _ = world.shown(url)
    assert shown["task"]["parentId"] is None
    assert world.api.patch(url, {**shown, "title": "New"}).status == 200
    shown, etag = world.shown(url)
    cleared = {**shown, "task": {**shown["task"], "assignee": None}}
    assert_refused(world.api.patch(url, cleared), 400, "task.assignee", "may not be null")
    assert world.shown(url) == (shown, etag)


def test_a_field_that_no_answer_has_is_as_unknown_as_ever(world: World) -> None:
    url = world.records["/v1/tracks/{id}"][0]
    shown, _ = world.shown(url)
    for body in ({"verson": 1}, {**shown, "verson": 1}):
        assert_refused(world.api.patch(url, body), 400, "verson", "is not a known field")
    assert_refused(world.api.post("/v1/tracks", {"id": "x", "nonsense": 1}), 400, "nonsense")


def test_a_bad_body_for_a_record_that_is_not_there_is_reported_by_its_field(world: World) -> None:
    gone = f"/v1/tracks/{world.personal()[:-4]}0000"
    assert_refused(world.api.patch(gone, {"id": gone[-36:], "version": 1}), 400, "version", "is not a known field")


def test_another_persons_record_is_not_revealed_by_what_a_refusal_leaves_out(world: World, caller: Caller) -> None:
    url = f"/v1/tracks/{world.personal()}"
    shown, _ = world.shown(url)
    answer = caller("user_eve").patch(url, shown)
    assert_refused(answer, 400, "id", "is not a known field")


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        ({"id": "x" * 129}, "id"),
        ({"id": "x" * 129, "externalId": "jira-1"}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"id": 5}, "id"),
        ({"id": "a", "createdAt": "yesterday"}, "createdAt"),
        ({"id": "a", "completedAt": 5}, "completedAt"),
    ],
)
def test_a_bad_value_of_a_field_that_can_be_given_is_not_taken_for_one_that_is_shown(
    world: World, draft: dict[str, Any], field: str
) -> None:
    body = {"scope": PERSONAL, "updateDrafts": [{"title": "T", "task": {}, **draft}]}
    (error,) = world.api.post("/v1/tracks/apply", body).json["errors"]
    assert error["field"] == f"updateDrafts.0.{field}"
    assert error["code"] != "required"


def test_a_bad_time_beside_an_id_that_is_read_past_is_refused(world: World) -> None:
    body = {"type": "task", "title": "T", "scope": PERSONAL, "task": {}, "id": "x", "createdAt": "yesterday"}
    (error,) = world.api.post("/v1/tracks", body).json["errors"]
    assert error["field"] == "createdAt"
