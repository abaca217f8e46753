"""Tracks one at a time: every field of both types, who sees them, what a change keeps and clears."""

from typing import Any

import pytest

from switchyard.domain.ids import new_id
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.planning import DOCS, PERSONAL, assert_refused, change, make_goal, make_task, read


def full_task(api: Api) -> Any:
    """A task with a value in every field."""
    return make_task(
        api,
        "Everything",
        more={
            "description": "All of it\nin two lines",
            "priority": "high",
            "relatedResource": {"type": "pull_request", "id": "org/repo#12"},
            "metadata": {"nested": {"list": [1, 2.5, True, None, "text"]}},
        },
        status="in_progress",
        dueDate="2026-06-05",
        assignee="agent_writer",
        parentId=make_task(api, "Parent")["id"],
        dependsOn=[*(make_task(api, each, status="done")["id"] for each in ("First", "Second"))],
        goalId=make_goal(api)["id"],
    )


# ---------------------------------------------------------------- fields


def test_a_task_shows_every_field_it_was_given(api: Api) -> None:
    task = full_task(api)
    assert task["type"] == "task"
    assert task["description"] == "All of it\nin two lines"
    assert task["priority"] == "high"
    assert task["relatedResource"] == {"type": "pull_request", "id": "org/repo#12"}
    assert task["metadata"] == {"nested": {"list": [1, 2.5, True, None, "text"]}}
    assert task["task"]["status"] == "in_progress"
    assert task["task"]["dueDate"] == "2026-06-05"
    assert (task["task"]["assignee"], task["task"]["assigneeType"]) == ("agent_writer", "agent")
    assert task["task"]["number"] == 1
    assert len(task["task"]["dependsOn"]) == 2
    assert task["version"] == 1
    assert task["createdBy"] == "user_ada"
    assert task["createdAt"] == task["updatedAt"]
    assert task["changedBy"] == {"id": "user_ada", "kind": "user", "source": "api"}
    assert read(api, task) == task


def test_a_task_needs_only_a_title_and_a_scope(api: Api) -> None:
    answer = api.post("/v1/tracks", {"type": "task", "title": "Bare", "scope": PERSONAL})
    assert answer.json["task"] == {
        "status": None,
        "dueDate": None,
        "assignee": None,
        "assigneeType": None,
        "parentId": None,
        "dependsOn": [],
        "requiresApproval": None,
        "repeat": None,
        "repeatFrom": None,
        "remind": None,
        "goalId": None,
        "number": None,
    }
    assert answer.json["priority"] == "medium"


def test_a_goal_begins_not_started_with_no_progress(api: Api) -> None:
    answer = api.post("/v1/tracks", {"type": "goal", "title": "Bare", "scope": PERSONAL})
    assert answer.json["goal"] == {
        "status": "not_started",
        "dueDate": None,
        "progress": 0,
        "parentId": None,
        "dependsOn": [],
    }
    assert "task" not in answer.json


@pytest.mark.parametrize("status", ["backlog", "todo", "in_progress", "done", "cancelled"])
def test_every_status_of_a_task_is_taken(api: Api, status: str) -> None:
    assert read(api, make_task(api, status=status))["task"]["status"] == status


@pytest.mark.parametrize("status", ["not_started", "on_track", "at_risk", "postponed", "completed"])
def test_every_status_of_a_goal_is_taken(api: Api, status: str) -> None:
    assert read(api, make_goal(api, status=status))["goal"]["status"] == status


@pytest.mark.parametrize("progress", [0, 1, 99, 100, 40.0])
def test_progress_is_whole_percent(api: Api, progress: int) -> None:
    assert read(api, make_goal(api, progress=progress))["goal"]["progress"] == progress


@pytest.mark.parametrize("progress", [-1, 101, 40.5, "40", True])
def test_other_progress_is_refused(api: Api, progress: Any) -> None:
    body = {"type": "goal", "title": "G", "scope": DOCS, "goal": {"progress": progress}}
    assert_refused(api.post("/v1/tracks", body), 400, "goal.progress")


def test_a_finished_track_says_when_and_an_unfinished_one_forgets(api: Api) -> None:
    task = make_task(api, status="done")
    assert task["completedAt"] == task["createdAt"]
    assert change(api, task, {"task": {"status": "todo"}})["completedAt"] is None


def test_tasks_of_a_goal_are_numbered_in_the_order_they_come(api: Api) -> None:
    goal = make_goal(api)["id"]
    first, second = make_task(api, goalId=goal), make_task(api, goalId=goal)
    assert [first["task"]["number"], second["task"]["number"]] == [1, 2]
    # a task that leaves loses its number, and nobody gets it again
    assert change(api, first, {"task": {"goalId": ""}})["task"]["number"] is None
    assert make_task(api, goalId=goal)["task"]["number"] == 3


def test_the_kind_of_an_assignee_may_be_said_or_follows_from_its_id(api: Api) -> None:
    assert make_task(api, assignee="ada", assigneeType="agent")["task"]["assigneeType"] == "agent"
    task = make_task(api, assignee="agent_a")
    assert task["task"]["assigneeType"] == "agent"
    assert change(api, task, {"task": {"assignee": "user_b"}})["task"]["assigneeType"] == "user"
    assert change(api, task, {"task": {"assignee": ""}})["task"]["assigneeType"] is None


@pytest.mark.parametrize("before", ["user_ben", "agent_a"])
def test_a_task_without_an_assignee_may_be_meant_for_a_kind(api: Api, before: str) -> None:
    task = change(api, make_task(api, assignee=before), {"task": {"assignee": "", "assigneeType": "agent"}})
    assert (task["task"]["assignee"], task["task"]["assigneeType"]) == (None, "agent")


def test_the_answer_to_a_create_says_where_the_track_is(api: Api) -> None:
    answer = api.post("/v1/tracks", {"type": "task", "title": "T", "scope": PERSONAL})
    assert answer.headers["location"] == f"/v1/tracks/{answer.json['id']}"
    assert api.get(answer.headers["location"]).json == answer.json


@pytest.mark.parametrize("spell", [str.upper, lambda id: "task_" + id.replace("-", ""), lambda id: id.replace("-", "")])
def test_an_id_is_read_in_every_form(api: Api, spell: Any) -> None:
    task = make_task(api)
    assert api.get(f"/v1/tracks/{spell(task['id'])}").json == task


# ---------------------------------------------------------------- PATCH


def test_a_change_keeps_what_it_does_not_name(api: Api) -> None:
    before = full_task(api)
    after = change(api, before, {"title": "New"})
    assert after["title"] == "New"
    assert after["version"] == 2
    kept = {name for name in before if before[name] == after[name]}
    assert set(before) - kept <= {"title", "version", "updatedAt"}


def test_a_nested_change_keeps_the_rest_of_the_object(api: Api) -> None:
    before = full_task(api)
    after = change(api, before, {"task": {"status": "done"}})
    assert after["task"] == {**before["task"], "status": "done"}


@pytest.mark.parametrize("field", ["status", "dueDate", "assignee", "parentId", "goalId"])
def test_an_empty_string_clears_a_field_of_a_task(api: Api, field: str) -> None:
    before = full_task(api)
    after = change(api, before, {"task": {field: ""}})
    assert after["task"][field] is None
    assert read(api, before) == after


def test_an_empty_list_clears_dependencies(api: Api) -> None:
    assert change(api, full_task(api), {"task": {"dependsOn": []}})["task"]["dependsOn"] == []


def test_an_empty_string_clears_a_goals_due_date_but_not_its_status(api: Api) -> None:
    goal = make_goal(api, dueDate="2026-06-05")
    assert change(api, goal, {"goal": {"dueDate": ""}})["goal"]["dueDate"] is None
    assert_refused(api.patch(f"/v1/tracks/{goal['id']}", {"goal": {"status": ""}}), 400, "goal.status")


def test_extensions_are_cleared_too(api: Api) -> None:
    cleared = {"description": "", "priority": "", "relatedResource": {"type": "", "id": ""}, "metadata": {}}
    after = change(api, full_task(api), cleared)
    assert (after["description"], after["priority"], after["relatedResource"], after["metadata"]) == (
        "",
        "medium",
        None,
        {},
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": None}, "title"),
        ({"scope": None}, "scope"),
        ({"task": None}, "task"),
        ({"description": None}, "description"),
        ({"priority": None}, "priority"),
        ({"metadata": None}, "metadata"),
        ({"relatedResource": None}, "relatedResource"),
        *[
            ({"task": {name: None}}, f"task.{name}")
            for name in ("status", "dueDate", "assignee", "assigneeType", "parentId", "dependsOn", "goalId")
        ],
    ],
)
def test_null_is_refused_and_the_error_says_how_to_clear(api: Api, body: Any, field: str) -> None:
    task = make_task(api)
    answer = api.patch(f"/v1/tracks/{task['id']}", body)
    assert_refused(answer, 400, field, "null")
    assert '""' in answer.json["errors"][0]["expected"]
    assert read(api, task) == task


def test_a_change_to_the_same_values_makes_no_new_version(api: Api) -> None:
    before = full_task(api)
    same = {name: before[name] for name in ("title", "description", "priority", "relatedResource", "metadata", "scope")}
    same["task"] = {name: value for name, value in before["task"].items() if name != "number" and value is not None}
    assert change(api, before, same) == before
    assert change(api, before, {}) == before


@pytest.mark.parametrize(
    ("before", "after"), [({"a": 1}, {"a": True}), ({"a": 1}, {"a": 1.0}), ({"a": 0}, {"a": False})]
)
def test_metadata_that_python_takes_for_equal_is_a_change_all_the_same(api: Api, before: Any, after: Any) -> None:
    task = make_task(api, more={"metadata": before})
    changed = change(api, task, {"metadata": after})
    assert changed["version"] == 2
    assert repr(read(api, task)["metadata"]) == repr(after)


def test_a_change_says_who_made_it(api: Api, caller: Caller) -> None:
    task = make_task(api)
    after = change(caller("agent_b", kind="agent"), task, {"title": "By an agent"})
    assert after["changedBy"] == {"id": "agent_b", "kind": "agent", "source": "api"}
    assert after["createdBy"] == "user_ada"
    assert after["updatedAt"] >= task["updatedAt"]


def test_a_change_of_the_other_type_is_refused(api: Api) -> None:
    task, goal = make_task(api), make_goal(api)
    assert_refused(api.patch(f"/v1/tracks/{task['id']}", {"goal": {}}), 400, "goal")
    assert_refused(api.patch(f"/v1/tracks/{goal['id']}", {"task": {}}), 400, "task")
    assert_refused(api.patch(f"/v1/tracks/{task['id']}", {"type": "goal"}), 400, "type", "not a known field")


# ---------------------------------------------------------------- delete


def test_a_deleted_track_is_gone_for_every_operation(api: Api) -> None:
    task = make_task(api)
    assert api.delete(f"/v1/tracks/{task['id']}").status == 204
    assert api.get(f"/v1/tracks/{task['id']}").status == 404
    assert api.get(f"/v1/tracks/{task['id']}/graph").status == 404
    assert api.patch(f"/v1/tracks/{task['id']}", {"title": "x"}).status == 404
    assert api.delete(f"/v1/tracks/{task['id']}").status == 404
    assert api.get("/v1/tracks").json["items"] == []
    assert api.post("/v1/tracks/search", {"type": "task"}).json["items"] == []


# ---------------------------------------------------------------- versions


def test_the_etag_is_the_version(api: Api) -> None:
    created = api.post("/v1/tracks", {"type": "task", "title": "T", "scope": DOCS})
    assert created.headers["etag"] == '"1"'
    url = f"/v1/tracks/{created.json['id']}"
    assert api.get(url).headers["etag"] == '"1"'
    assert api.patch(url, {"title": "U"}).headers["etag"] == '"2"'


@pytest.mark.parametrize("tag", ['"1"', "*", '"7", "1"', 'W/"1"'])
def test_a_change_goes_through_when_the_etag_matches(api: Api, tag: str) -> None:
    url = f"/v1/tracks/{make_task(api)['id']}"
    assert api.patch(url, {"title": "U"}, headers={"If-Match": tag}).status == 200
    assert api.delete(url, headers={"If-Match": '"2"'}).status == 204


@pytest.mark.parametrize("tag", ['"2"', "1", "", '"01"', "rubbish"])
def test_a_stale_etag_is_refused_and_nothing_changes(api: Api, tag: str) -> None:
    task = make_task(api)
    url = f"/v1/tracks/{task['id']}"
    refused = api.patch(url, {"title": "U"}, headers={"If-Match": tag})
    assert_refused(refused, 412)
    assert "version 1" in refused.json["detail"]
    assert_refused(api.delete(url, headers={"If-Match": tag}), 412)
    assert read(api, task) == task


def test_a_stale_etag_is_refused_even_when_nothing_would_change(api: Api) -> None:
    task = make_task(api)
    answer = api.patch(f"/v1/tracks/{task['id']}", {"title": task["title"]}, headers={"If-Match": '"9"'})
    assert_refused(answer, 412)


# ---------------------------------------------------------------- scopes


def test_a_personal_track_is_its_creators_alone(api: Api, caller: Caller) -> None:
    task, goal = make_task(api, "Mine", PERSONAL), make_goal(api, "Mine too", PERSONAL)
    other = caller("user_bob")
    for track in (task, goal):
        url = f"/v1/tracks/{track['id']}"
        assert other.get(url).status == 404
        assert other.get(f"{url}/graph").status == 404
        assert other.patch(url, {"title": "x"}).status == 404
        assert other.delete(url).status == 404
        assert other.get(f"/v1/tracks?type={track['type']}").json["items"] == []
        assert other.get(f"/v1/tracks?type={track['type']}&scope=personal").json["items"] == []
        assert other.post("/v1/tracks/search", {"type": track["type"], "query": "mine"}).json["items"] == []
        assert read(api, track) == track


def test_personal_tasks_do_not_show_in_the_graph_of_a_shared_goal(api: Api, caller: Caller) -> None:
    goal = make_goal(api)
    mine = make_task(api, "Mine", PERSONAL, goalId=goal["id"])
    shared = make_task(api, "Shared", goalId=goal["id"])
    url = f"/v1/tracks/{goal['id']}/graph"
    assert {node["id"] for node in api.get(url).json["nodes"]} == {mine["id"], shared["id"]}
    assert {node["id"] for node in caller("user_bob").get(url).json["nodes"]} == {shared["id"]}


def test_a_track_of_projects_is_everybodys(api: Api, caller: Caller) -> None:
    task = make_task(api, scope={"type": "projects", "ids": ["a", "b"]})
    other = caller("user_bob")
    assert read(other, task) == task
    assert change(other, task, {"title": "Bob's word"})["scope"] == {"type": "projects", "ids": ["a", "b"]}


def test_a_scope_can_be_changed_and_is_kept_when_left_out(api: Api, caller: Caller) -> None:
    task = make_task(api, scope=PERSONAL)
    assert change(api, task, {"title": "x"})["scope"] == PERSONAL
    shared = change(api, task, {"scope": DOCS})
    assert read(caller("user_bob"), task) == shared
    assert change(api, task, {"scope": PERSONAL})["scope"] == PERSONAL
    assert caller("user_bob").get(f"/v1/tracks/{task['id']}").status == 404


def test_only_its_creator_makes_a_shared_track_personal(api: Api, caller: Caller) -> None:
    task = make_task(api)
    answer = caller("user_bob").patch(f"/v1/tracks/{task['id']}", {"scope": PERSONAL})
    assert_refused(answer, 400, "scope.type")
    assert read(api, task) == task


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        ({"type": "projects"}, "scope"),
        ({"type": "projects", "ids": ["a", "a"]}, "scope.ids"),
        ({"type": "projects", "ids": [str(n) for n in range(11)]}, "scope.ids"),
        ({"type": "projects", "ids": [""]}, "scope.ids.0"),
        ({"type": "personal", "ids": ["a"]}, "scope"),
        ({"type": "team"}, "scope.type"),
        ({}, "scope.type"),
        ("personal", "scope"),
    ],
)
def test_a_scope_that_is_none_is_refused(api: Api, scope: Any, field: str) -> None:
    assert_refused(api.post("/v1/tracks", {"type": "task", "title": "T", "scope": scope}), 400, field)


# ---------------------------------------------------------------- references


UNKNOWN = "01981f5c-7a00-7000-8000-0000deadbeef"


@pytest.mark.parametrize(
    ("task", "field"),
    [
        ({"parentId": UNKNOWN}, "task.parentId"),
        ({"goalId": UNKNOWN}, "task.goalId"),
        ({"dependsOn": [UNKNOWN]}, "task.dependsOn.0"),
    ],
)
def test_an_unknown_reference_is_refused_by_its_field(api: Api, task: Any, field: str) -> None:
    body = {"type": "task", "title": "T", "scope": DOCS, "task": task}
    assert_refused(api.post("/v1/tracks", body), 422, field, UNKNOWN)
    mine = make_task(api)
    assert_refused(api.patch(f"/v1/tracks/{mine['id']}", {"task": task}), 422, field, UNKNOWN)
    assert read(api, mine) == mine
    assert len(api.get("/v1/tracks").json["items"]) == 1


def test_the_unknown_one_among_several_dependencies_is_named(api: Api) -> None:
    known = make_task(api)["id"]
    body = {"type": "task", "title": "T", "scope": DOCS, "task": {"dependsOn": [known, UNKNOWN]}}
    assert_refused(api.post("/v1/tracks", body), 422, "task.dependsOn.1", UNKNOWN)


def test_a_reference_to_a_track_of_the_other_type_is_refused(api: Api) -> None:
    task, goal = make_task(api)["id"], make_goal(api)["id"]
    for name, value, field in (
        ("parentId", goal, "task.parentId"),
        ("dependsOn", [goal], "task.dependsOn.0"),
        ("goalId", task, "task.goalId"),
    ):
        body = {"type": "task", "title": "T", "scope": DOCS, "task": {name: value}}
        assert_refused(api.post("/v1/tracks", body), 422, field)


@pytest.mark.parametrize("name", ["parentId", "dependsOn"])
def test_the_goal_of_a_task_cannot_be_its_parent_or_dependency_too(api: Api, name: str) -> None:
    goal = make_goal(api)["id"]
    value, field = ([goal], "task.dependsOn.0") if name == "dependsOn" else (goal, "task.parentId")
    body = {"type": "task", "title": "T", "scope": DOCS, "task": {name: value, "goalId": goal}}
    assert_refused(api.post("/v1/tracks", body), 422, field)
    task = make_task(api, goalId=goal)
    assert_refused(api.patch(f"/v1/tracks/{task['id']}", {"task": {name: value}}), 422, field)


def test_another_tenants_track_cannot_be_referred_to(api: Api, caller: Caller) -> None:
    foreign = caller(tenant=new_id())
    task, goal = make_task(foreign)["id"], make_goal(foreign)["id"]
    for name, value, field in (
        ("parentId", task, "task.parentId"),
        ("dependsOn", [task], "task.dependsOn.0"),
        ("goalId", goal, "task.goalId"),
    ):
        body = {"type": "task", "title": "T", "scope": DOCS, "task": {name: value}}
        assert_refused(api.post("/v1/tracks", body), 422, field)


def test_a_shared_track_cannot_refer_to_a_personal_one_but_the_other_way_round(api: Api) -> None:
    mine, shared = make_task(api, scope=PERSONAL)["id"], make_task(api)["id"]
    my_goal, goal = make_goal(api, scope=PERSONAL)["id"], make_goal(api)["id"]
    for name, value in (("parentId", mine), ("dependsOn", [mine]), ("goalId", my_goal)):
        body = {"type": "task", "title": "T", "scope": DOCS, "task": {name: value}}
        assert api.post("/v1/tracks", body).status == 422
    assert make_task(api, scope=PERSONAL, parentId=shared, dependsOn=[mine], goalId=goal)
    assert make_task(api, scope=PERSONAL, goalId=my_goal)


def test_a_personal_task_that_becomes_shared_may_not_keep_personal_references(api: Api) -> None:
    mine = make_task(api, scope=PERSONAL)
    task = make_task(api, scope=PERSONAL, parentId=mine["id"])
    assert_refused(api.patch(f"/v1/tracks/{task['id']}", {"scope": DOCS}), 422, "task.parentId")


def test_anothers_personal_track_cannot_be_referred_to(api: Api, caller: Caller) -> None:
    bobs = make_task(caller("user_bob"), scope=PERSONAL)["id"]
    body = {"type": "task", "title": "T", "scope": PERSONAL, "task": {"parentId": bobs}}
    assert_refused(api.post("/v1/tracks", body), 422, "task.parentId")


def test_a_deleted_track_cannot_be_referred_to(api: Api) -> None:
    gone = make_task(api)
    api.delete(f"/v1/tracks/{gone['id']}")
    body = {"type": "task", "title": "T", "scope": DOCS, "task": {"dependsOn": [gone["id"]]}}
    assert_refused(api.post("/v1/tracks", body), 422, "task.dependsOn.0")
