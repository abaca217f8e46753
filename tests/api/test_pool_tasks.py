"""The pool's tasks: the workflow, visibility, filters, paging and bounds."""

from typing import Any

import pytest

from switchyard.domain.ids import new_id
from tests.api.conftest import Caller
from tests.support.http import Api

TASKS = "/api/v1/tasks"
NEXT = {
    "pending": {"in_progress", "cancelled"},
    "in_progress": {"completed", "cancelled", "pending"},
    "completed": set(),
    "cancelled": set(),
}


def make(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post(TASKS, {"title": "Do it", **fields})
    assert answer.status == 201, answer.text
    return answer.json


@pytest.mark.parametrize("now", NEXT)
@pytest.mark.parametrize("wanted", NEXT)
def test_only_the_documented_steps_are_taken(api: Api, now: str, wanted: str) -> None:
    task = make(api, status=now)
    answer = api.patch(f"{TASKS}/{task['id']}", {"status": wanted})
    if wanted in NEXT[now] | {now}:
        assert (answer.status, answer.json["status"]) == (200, wanted)
        return
    assert answer.status == 409
    assert set(answer.json["data"]["allowed"]) == NEXT[now]
    assert all(word in answer.json["message"] for word in (now, wanted, *NEXT[now]))
    assert api.get(f"{TASKS}/{task['id']}").json == task


def test_completing_stamps_the_time_and_a_client_may_give_it(api: Api) -> None:
    first, second = make(api, status="in_progress"), make(api, status="in_progress")
    done = api.patch(f"{TASKS}/{first['id']}", {"status": "completed"}).json
    assert done["completedAt"] == done["updatedAt"]
    given = {"status": "completed", "completedAt": "2026-02-19T12:30:00+02:00"}
    assert api.patch(f"{TASKS}/{second['id']}", given).json["completedAt"] == "2026-02-19T10:30:00Z"


def test_a_time_of_completion_needs_completion(api: Api) -> None:
    task = make(api)
    answer = api.patch(f"{TASKS}/{task['id']}", {"completedAt": "2026-02-19T10:30:00Z"})
    assert (answer.status, "completedAt" in answer.json["message"]) == (400, True)


def test_a_clients_temporary_id_is_ignored(api: Api) -> None:
    task = make(api, id="task_1708336800000")
    assert task["id"] != "task_1708336800000"
    assert api.get(f"{TASKS}/task_1708336800000").status == 404


def test_pending_keeps_what_planning_calls_backlog(api: Api) -> None:
    body = {"type": "task", "title": "T", "scope": {"type": "projects", "ids": ["p"]}, "task": {"status": "backlog"}}
    track = api.post("/v1/tracks", body).json
    task = api.patch(f"{TASKS}/{track['id']}", {"status": "pending", "priority": "urgent"}).json
    assert (task["status"], task["spaceId"]) == ("pending", "p")
    assert api.get(f"/v1/tracks/{track['id']}").json["task"]["status"] == "backlog"


def test_a_task_made_here_is_whole_in_planning(api: Api) -> None:
    task = make(
        api, spaceId="space_1", dueDate="2026-06-05T09:30:00.5+01:00", assignedTo="a", metadata={"k": [1, None]}
    )
    track = api.get(f"/v1/tracks/{task['id']}").json
    assert track["id"] == task["id"].removeprefix("task_")
    assert (track["scope"], track["dueAt"]) == ({"type": "projects", "ids": ["space_1"]}, "2026-06-05T08:30:00.500Z")
    assert (track["task"]["status"], track["task"]["assigneeType"]) == ("todo", "user")
    assert track["metadata"] == task["metadata"] == {"k": [1, None]}


def test_a_date_set_in_planning_survives_being_written_back(api: Api) -> None:
    body = {"type": "task", "title": "T", "scope": {"type": "projects", "ids": ["p", "q"]}}
    track = api.post("/v1/tracks", body | {"task": {"dueDate": "2026-06-05"}}).json
    task = api.get(f"{TASKS}/{track['id']}").json
    assert (task["dueDate"], task["spaceId"]) == ("2026-06-05T00:00:00Z", "p")
    api.patch(f"{TASKS}/{task['id']}", {"dueDate": task["dueDate"], "spaceId": task["spaceId"], "title": "U"})
    after = api.get(f"/v1/tracks/{track['id']}").json
    assert (after["title"], after["dueAt"], after["scope"]["ids"]) == ("U", None, ["p", "q"])


def test_null_clears_and_a_new_assignee_is_a_user_unless_the_client_says_otherwise(api: Api) -> None:
    task = make(api, assignedTo="user_1", spaceId="s", dueDate="2026-06-05", description="d", metadata={"a": 1})
    moved = api.patch(f"{TASKS}/{task['id']}", {"assignedTo": "agent_2"}).json
    assert moved["assigneeType"] == "user"
    moved = api.patch(f"{TASKS}/{task['id']}", {"assignedTo": "agent_3", "assigneeType": "agent"}).json
    assert moved["assigneeType"] == "agent"
    cleared = dict.fromkeys(("assignedTo", "spaceId", "dueDate", "description", "metadata"))
    bare = api.patch(f"{TASKS}/{task['id']}", cleared).json
    assert not {"assignedTo", "spaceId", "dueDate"} & set(bare)
    assert (bare["description"], bare["metadata"], bare["assigneeType"]) == ("", {}, "user")


@pytest.mark.parametrize("track", ["goal", "personal", "foreign", "deleted", "unknown"])
def test_what_is_not_in_the_pool_is_not_found(api: Api, caller: Caller, track: str) -> None:
    scope = {"type": "projects", "ids": ["p"]}
    if track == "goal":
        found = api.post("/v1/tracks", {"type": "goal", "title": "G", "scope": scope}).json["id"]
    elif track == "personal":
        found = api.post("/v1/tracks", {"type": "task", "title": "T", "scope": {"type": "personal"}}).json["id"]
    elif track == "foreign":
        found = make(caller(tenant=new_id()))["id"]
    elif track == "deleted":
        found = make(api)["id"]
        assert (api.delete(f"{TASKS}/{found}").status, api.get(TASKS).json) == (204, [])
    else:
        found = "task_abc123"
    for answer in (
        api.get(f"{TASKS}/{found}"),
        api.patch(f"{TASKS}/{found}", {"title": "x"}),
        api.delete(f"{TASKS}/{found}"),
    ):
        assert answer.status == 404
        assert answer.json["statusMessage"] == "Not Found"


def test_personal_tasks_and_other_tenants_are_in_no_list(api: Api, caller: Caller) -> None:
    api.post("/v1/tracks", {"type": "task", "title": "T", "scope": {"type": "personal"}, "task": {"assignee": "a"}})
    make(caller(tenant=new_id()), assignedTo="a")
    for query in ("", "?status=pending", "?assignedTo=a", "?priority=medium"):
        assert api.get(TASKS + query).json == []


def test_all_combinations_of_filters_agree_with_a_plain_filter(api: Api) -> None:
    tasks = [
        make(api, status=status, priority=priority, assignedTo=assignee, spaceId=space)
        for status in ("pending", "in_progress", "completed")
        for priority in ("high", "low")
        for assignee in ("agent_1", None)
        for space in ("s1", None)
    ]
    scope = {"type": "projects", "ids": ["s1", "s2"]}
    both = api.post("/v1/tracks", {"type": "task", "title": "both", "scope": scope, "priority": "high"}).json
    tasks.append(api.get(f"{TASKS}/{both['id']}").json)
    for status in (None, "pending", "in_progress", "completed", "cancelled"):
        for priority in (None, "high", "urgent"):
            for assignee in (None, "agent_1", "agent_2"):
                for space in (None, "s1"):
                    wanted = {"status": status, "priority": priority, "assignedTo": assignee, "spaceId": space}
                    wanted = {name: value for name, value in wanted.items() if value}
                    query = "&".join(f"{name}={value}" for name, value in wanted.items())
                    fitting = [t for t in reversed(tasks) if all(t.get(n) == v for n, v in wanted.items())]
                    assert api.get(f"{TASKS}?{query}").json == fitting, query


@pytest.mark.parametrize("query", ["", "status=pending&", "priority=medium&", "assignedTo=a&spaceId=s%26x&"])
def test_pages_follow_the_link_to_the_end(api: Api, query: str) -> None:
    tasks = [make(api, assignedTo="a", spaceId="s&x")["id"] for _ in range(7)]
    url, seen = f"{TASKS}?{query}limit=3", []
    while url:
        answer = api.get(url, headers={"host": "tasks.example:8443", "x-forwarded-proto": "http"})
        assert len(answer.json) <= 3
        seen += [task["id"] for task in answer.json]
        link = answer.headers.get("link", "")
        assert not link or (link.startswith("<http://tasks.example:8443/api/v1/tasks?"), link[-12:]) == (
            True,
            '; rel="next"',
        )
        url = link[len("<http://tasks.example:8443") : -len('>; rel="next"')]
    assert seen == tasks[::-1]


@pytest.mark.parametrize("limit", ["0", "101", "abc", "-1", "%20", "1.5"])
def test_a_limit_out_of_bounds_is_refused(api: Api, limit: str) -> None:
    answer = api.get(f"{TASKS}?limit={limit}")
    assert (answer.status, answer.json["message"]) == (400, "Invalid limit. Must be: a whole number from 1 to 100")


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("status=open", "Invalid status. Must be: pending, in_progress, completed, cancelled"),
        ("priority=none", "Invalid priority. Must be: low, medium, high, urgent"),
        ("cursor=abc", "cursor"),
        ("owner=me", "owner"),
        ("status=pending&status=completed", "status"),
    ],
)
def test_a_bad_filter_is_refused(api: Api, query: str, word: str) -> None:
    answer = api.get(f"{TASKS}?{query}")
    assert (answer.status, word in answer.json["message"]) == (400, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 201),
        ("title", 5),
        ("description", "x" * 20_001),
        ("assignedTo", "x" * 129),
        ("assignedTo", "a\nb"),
        ("spaceId", "x" * 129),
        ("dueDate", "tomorrow"),
        ("dueDate", "2026-02-30T00:00:00Z"),
        ("completedAt", "now"),
        ("metadata", [1]),
        ("metadata", {"a": "x" * 32_769}),
        ("dependsOn", ["task_1"]),
        ("organizationId", "org_1"),
    ],
)
def test_every_bound_is_reported_by_its_field(api: Api, field: str, value: Any) -> None:
    answer = api.post(TASKS, {"title": "T", field: value})
    assert (answer.status, field in answer.json["message"]) == (400, True)
    assert api.get(TASKS).json == []


def test_a_task_can_depend_on_others_and_a_circle_is_refused(api: Api) -> None:
    first = make(api)["id"]
    second = make(api, dependsOn=[first])
    assert second["dependsOn"] == [first]
    refused = api.patch(f"{TASKS}/{first}", {"dependsOn": [second["id"]]})
    assert (refused.status, "cycle" in refused.json["message"]) == (422, True)


def test_a_version_that_moved_refuses_the_change(api: Api) -> None:
    task = make(api)
    etag = api.get(f"{TASKS}/{task['id']}").headers["etag"]
    assert api.patch(f"{TASKS}/{task['id']}", {"title": "A"}, headers={"if-match": etag}).status == 200
    assert api.patch(f"{TASKS}/{task['id']}", {"title": "B"}, headers={"if-match": etag}).status == 412


def test_scopes_are_needed(caller: Caller) -> None:
    reader = caller(scopes=["tasks:read"])
    assert reader.post(TASKS, {"title": "T"}).status == 403
    assert caller(scopes=["tasks:write"]).get(TASKS).json["statusCode"] == 403


def test_tasks_come_by_due_date_within_bounds_and_by_change(api: Api) -> None:
    late = make(api, title="Late", dueDate="2026-12-24", priority="high")
    soon = make(api, title="Soon", dueDate="2026-12-01T09:00:00Z")
    make(api, title="No date")
    mine = make(api, title="Mine", dueDate="2026-12-10", assignedTo="user_eve", spaceId="docs")

    def titles(query: str) -> list[str]:
        answer = api.get(f"{TASKS}?{query}")
        assert answer.status == 200, answer.text
        return [each["title"] for each in answer.json]

    assert titles("sort=due") == ["Soon", "Mine", "Late"]
    assert titles("dueDateTo=2026-12-10") == ["Soon", "Mine"]
    assert titles("dueDateFrom=2026-12-02&dueDateTo=2026-12-24") == ["Mine", "Late"]
    assert titles("sort=due&priority=high") == ["Late"]
    assert titles("sort=due&assignedTo=user_eve&spaceId=docs") == ["Mine"]
    assert api.patch(f"{TASKS}/{soon['id']}", {"status": "in_progress"}).status == 200
    assert titles("sort=due&status=pending") == ["Mine", "Late"]
    assert titles("sort=updated")[0] == "Soon"
    assert titles("sort=updated&status=pending") == ["Mine", "No date", "Late"]
    assert api.get(f"{TASKS}?sort=updated&dueDateTo=2026-12-10").status == 400
    page = api.get(f"{TASKS}?sort=due&limit=2")
    path = page.headers["link"].partition(">")[0].partition("api.test")[2]
    assert [each["id"] for each in api.get(path).json] == [late["id"]]
    assert api.get(path.replace("sort=due", "sort=updated")).status == 400
    assert mine["spaceId"] == "docs"
