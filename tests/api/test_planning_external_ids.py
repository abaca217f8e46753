"""What another system calls a track: unique, set once, searchable, the key of an upsert; and the times it had there."""

from typing import Any
from urllib.parse import quote

import pytest

from switchyard.domain.ids import new_id
from tests.api.conftest import Caller
from tests.api.test_planning_apply import applied, apply
from tests.support.http import Api
from tests.support.planning import DOCS, PERSONAL, assert_refused, change, make_goal, make_task, read

LONG_AGO = {"createdAt": "2020-02-03T04:05:06.000Z"}


def named(api: Api, name: str, kind: str = "task") -> list[Any]:
    answer = api.get(f"/v1/tracks?type={kind}&externalId={quote(name)}")
    assert answer.status == 200, answer.text
    return list(answer.json["items"])


# ---------------------------------------------------------------- on a track


def test_a_track_is_found_by_its_external_id(api: Api) -> None:
    task = make_task(api, more={"externalId": "bd-1"})
    goal = make_goal(api, more={"externalId": "bd-2"})
    assert task["externalId"] == "bd-1"
    assert [each["id"] for each in named(api, "BD-1")] == [task["id"]]
    assert [each["id"] for each in named(api, "bd-2", "goal")] == [goal["id"]]
    assert named(api, "bd-2") == []
    assert named(api, "bd-3") == []


def test_an_external_id_is_the_tenants_whoever_sees_the_track(caller: Caller) -> None:
    ada, bo, other = caller("user_ada"), caller("user_bo"), caller("user_ada", tenant=new_id())
    make_task(ada, scope=PERSONAL, more={"externalId": "x"})
    body = {"type": "task", "title": "B", "scope": DOCS, "externalId": "X"}
    refused = bo.post("/v1/tracks", body)
    assert_refused(refused, 409)
    assert refused.json["code"] == "external_id_taken"
    assert named(bo, "x") == []
    assert other.post("/v1/tracks", body).status == 201


def test_an_external_id_is_set_once(api: Api) -> None:
    task = make_task(api)
    assert change(api, task, {"externalId": "x"})["version"] == 2
    assert change(api, task, {"externalId": "x"})["version"] == 2
    assert_refused(api.patch(f"/v1/tracks/{task['id']}", {"externalId": "y"}), 400, "externalId", "is set once")
    assert_refused(api.patch(f"/v1/tracks/{task['id']}", {"externalId": ""}), 400, "externalId")
    assert read(api, task)["externalId"] == "x"


def test_the_external_id_of_a_deleted_track_is_free(api: Api) -> None:
    task = make_task(api, more={"externalId": "x"})
    api.delete(f"/v1/tracks/{task['id']}")
    assert named(api, "x") == []
    again = make_task(api, more={"externalId": "x"})
    assert [each["id"] for each in named(api, "x")] == [again["id"]]


def test_external_ids_of_objectives_are_the_same(api: Api, tenant: str) -> None:
    body = {"agentId": "agent_a", "systemPromptData": {}, "metadata": {"externalId": "ticket 7"}}
    made = api.post(f"/v1/workspaces/{tenant}/objectives", body)
    assert made.status == 200, made.text
    assert [each["externalId"] for each in named(api, "ticket 7", "goal")] == ["ticket 7"]
    refused = api.post("/v1/tracks", {"type": "task", "title": "B", "scope": DOCS, "externalId": "ticket 7"})
    assert refused.json["code"] == "external_id_taken"
    goal = make_goal(api, more={"externalId": "ticket 8"})
    found = api.get(f"/v1/workspaces/{tenant}/objectives/external_id:ticket%208")
    assert found.status == 200, found.text
    assert goal["id"].replace("-", "") in found.text.replace("-", "")


def test_the_filter_stands_alone(api: Api) -> None:
    answer = api.get("/v1/tracks?externalId=x&status=todo")
    assert_refused(answer, 400, "externalId", "other filters")


# ---------------------------------------------------------------- as the key of an upsert


PLAN = [
    {"externalId": "e-2", "title": "Second", "task": {"dependsOn": ["e-1"], "goalId": "e-g"}},
    {"externalId": "e-1", "title": "First", "task": {}},
    {"externalId": "e-g", "title": "Goal", "goal": {}},
]


def outcomes(results: list[Any]) -> list[str]:
    return [each["outcome"] for each in results]


def test_applying_again_changes_what_changed_and_makes_nothing_twice(api: Api) -> None:
    first = applied(api, PLAN)
    assert outcomes(first) == ["created"] * 3
    assert [each["draftId"] for each in first] == ["e-2", "e-1", "e-g"]
    again = applied(api, PLAN)
    assert outcomes(again) == ["unchanged"] * 3
    assert [each["id"] for each in again] == [each["id"] for each in first]
    third = applied(api, [{**PLAN[0], "title": "Other"}, *PLAN[1:]])
    assert outcomes(third) == ["updated", "unchanged", "unchanged"]


def test_references_name_tracks_of_earlier_requests_by_their_external_ids(api: Api) -> None:
    first = applied(api, PLAN[1:])
    (second,) = applied(api, PLAN[:1])
    task = read(api, second)["task"]
    assert (task["dependsOn"], task["goalId"]) == ([first[0]["id"]], first[1]["id"])
    assert_refused(apply(api, [{"id": "a", "title": "A", "task": {"dependsOn": ["e-9"]}}]), 422)


def test_a_label_and_the_external_id_of_its_draft_both_stand_for_it(api: Api) -> None:
    drafts = [
        {"id": "a", "externalId": "x-a", "title": "A", "task": {}},
        {"id": "b", "title": "B", "task": {"dependsOn": ["a"]}},
        {"id": "c", "title": "C", "task": {"dependsOn": ["x-a"]}},
    ]
    results = applied(api, drafts)
    for each in results[1:]:
        assert read(api, each)["task"]["dependsOn"] == [results[0]["id"]]


@pytest.mark.parametrize(
    "drafts",
    [
        [{"externalId": "x", "title": "A", "task": {}}, {"externalId": "X", "title": "B", "task": {}}],
        [{"externalId": "x", "title": "A", "task": {}}, {"id": "x", "title": "B", "task": {}}],
    ],
)
def test_two_drafts_of_one_external_id_are_refused(api: Api, drafts: list[Any]) -> None:
    assert_refused(apply(api, drafts), 400)
    assert named(api, "x") == []


def test_one_track_under_two_names_is_refused(api: Api) -> None:
    task = make_task(api, more={"externalId": "x"})
    drafts = [{"id": task["id"], "title": "A"}, {"externalId": "x", "title": "B", "task": {}}]
    assert_refused(apply(api, drafts), 400, "updateDrafts.1.externalId", "is used twice")
    assert_refused(apply(api, drafts[1:], [task["id"]]), 400, "deleteDrafts.0", "is used twice")


def test_anothers_personal_track_is_not_changed_by_its_external_id(caller: Caller) -> None:
    task = make_task(caller("user_ada"), "Mine", PERSONAL, {"externalId": "x"})
    assert_refused(apply(caller("user_bo"), [{"externalId": "x", "title": "Yours", "task": {}}]), 409)
    assert read(caller("user_ada"), task)["title"] == "Mine"


def test_more_external_ids_than_are_read_at_once_are_refused(api: Api) -> None:
    drafts = [
        {"externalId": f"x{n}", "title": "A", "task": {"dependsOn": [f"o{n}-{each}" for each in range(3)]}}
        for n in range(60)
    ]
    assert_refused(apply(api, drafts), 400, "updateDrafts", "external ids")


# ---------------------------------------------------------------- what was before


def test_a_track_may_tell_when_it_was_created_and_completed_elsewhere(caller: Caller) -> None:
    api = caller("user_ada", scopes={"tasks:read", "tasks:write", "tasks:history"})
    new = make_task(api, "New")
    past = {**LONG_AGO, "completedAt": "2021-01-01"}
    old = make_task(api, "Old", more=past, status="done")
    assert (old["createdAt"], old["completedAt"]) == (LONG_AGO["createdAt"], "2021-01-01T00:00:00.000Z")
    listed = [each["id"] for each in api.get("/v1/tracks").json["items"]]
    assert listed == [new["id"], old["id"]]


def test_history_needs_its_scope(caller: Caller) -> None:
    api = caller("user_ada", scopes={"tasks:read", "tasks:write"})
    answer = api.post("/v1/tracks", {"type": "task", "title": "A", "scope": DOCS, **LONG_AGO})
    assert_refused(answer, 403)
    assert answer.json["requiredScope"] == "tasks:history"
    assert_refused(apply(api, [{"id": "a", "title": "A", "task": {}, **LONG_AGO}]), 403)


@pytest.mark.parametrize(
    ("past", "field"),
    [
        ({"createdAt": "2999-01-01"}, "createdAt"),
        ({"createdAt": "1969-12-31"}, "createdAt"),
        ({"completedAt": "2020-01-01"}, "completedAt"),
        ({"createdAt": "yesterday"}, "createdAt"),
    ],
)
def test_history_that_cannot_be_is_refused(caller: Caller, past: Any, field: str) -> None:
    api = caller("user_ada", scopes={"tasks:write", "tasks:history"})
    assert_refused(api.post("/v1/tracks", {"type": "task", "title": "A", "scope": DOCS, **past}), 400, field)


def test_what_was_done_elsewhere_keeps_no_order(caller: Caller) -> None:
    agent = caller("agent_a", kind="agent", scopes={"tasks:read", "tasks:write", "tasks:history"})
    waits = {"externalId": "b", "title": "B", "task": {"dependsOn": ["a"], "status": "done"}}
    drafts = [{"externalId": "a", "title": "A", "task": {}}, waits]
    assert_refused(apply(agent, drafts), 409)
    past = {"completedAt": "2021-01-01"}
    assert outcomes(applied(agent, [drafts[0], {**waits, **past}])) == ["created", "created"]
    assert outcomes(applied(agent, [drafts[0], {**waits, **past}])) == ["unchanged", "unchanged"]


def test_an_upsert_may_tell_when_a_track_was_completed(caller: Caller) -> None:
    api = caller("user_ada", scopes={"tasks:read", "tasks:write", "tasks:history"})
    applied(api, [{"externalId": "a", "title": "A", "task": {}}])
    done = {"externalId": "a", "title": "A", "task": {"status": "done"}, "completedAt": "2021-01-01"}
    assert outcomes(applied(api, [done])) == ["updated"]
    assert named(api, "a")[0]["completedAt"] == "2021-01-01T00:00:00.000Z"
    assert outcomes(applied(api, [done])) == ["unchanged"]


# ---------------------------------------------------------------- goals among goals


def test_goals_have_parents_and_an_order_among_goals(api: Api) -> None:
    drafts = [
        {"id": "top", "title": "Top", "goal": {}},
        {"id": "one", "title": "One", "goal": {"parentId": "top"}},
        {"id": "two", "title": "Two", "goal": {"parentId": "top", "dependsOn": ["one"]}},
    ]
    top, one, two = applied(api, drafts)
    shown = read(api, two)["goal"]
    assert (shown["parentId"], shown["dependsOn"]) == (top["id"], [one["id"]])
    cycle = api.patch(f"/v1/tracks/{one['id']}", {"goal": {"dependsOn": [two["id"]]}})
    assert_refused(cycle, 422, "goal.dependsOn.0")
    cleared = change(api, two, {"goal": {"parentId": "", "dependsOn": []}})["goal"]
    assert (cleared["parentId"], cleared["dependsOn"]) == (None, [])


def test_goals_and_tasks_do_not_wait_for_each_other(api: Api) -> None:
    goal, task = make_goal(api), make_task(api)
    wrong = {"type": "goal", "title": "G", "scope": DOCS, "goal": {"dependsOn": [task["id"]]}}
    assert_refused(api.post("/v1/tracks", wrong), 422, "goal.dependsOn.0")
    other = {"type": "task", "title": "T", "scope": DOCS, "task": {"dependsOn": [goal["id"]]}}
    assert_refused(api.post("/v1/tracks", other), 422, "task.dependsOn.0")
