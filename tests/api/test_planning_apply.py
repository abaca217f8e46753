"""Bulk apply: labels, types, deletes, and all or nothing."""

from typing import Any

import pytest

from switchyard.domain.ids import new_id
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.planning import DOCS, PERSONAL, assert_refused, make_goal, make_task, read


def apply(api: Api, drafts: Any = (), deletes: Any = (), scope: Any = DOCS) -> Answer:
    """Send a bulk apply under the older names; lists that are empty are left out."""
    lists = {"updateDrafts": list(drafts), "deleteDrafts": list(deletes)}
    return api.post("/v1/tracks/apply", {"scope": scope} | {name: each for name, each in lists.items() if each})


def applied(api: Api, drafts: Any = (), deletes: Any = (), scope: Any = DOCS) -> list[Any]:
    """Apply; returns the results."""
    answer = apply(api, drafts, deletes, scope)
    assert answer.status == 200, answer.text
    return list(answer.json["results"])


def everything(api: Api) -> list[Any]:
    return [track for kind in ("task", "goal") for track in api.get(f"/v1/tracks?type={kind}").json["items"]]


# ---------------------------------------------------------------- labels


def test_labels_stand_for_new_tracks_before_and_after_their_own_draft(api: Api) -> None:
    results = applied(
        api,
        [
            {"id": "child", "title": "Child", "task": {"parentId": "top", "dependsOn": ["second"], "goalId": "aim"}},
            {"id": "second", "title": "Second", "task": {"dependsOn": ["top"]}},
            {"id": "aim", "title": "Aim", "goal": {"progress": 10}},
            {"id": "top", "title": "Top", "task": {"goalId": "aim"}},
        ],
    )
    ids = {each["draftId"]: each["id"] for each in results}
    child = read(api, {"id": ids["child"]})
    assert child["task"]["parentId"] == ids["top"]
    assert child["task"]["dependsOn"] == [ids["second"]]
    assert child["task"]["goalId"] == ids["aim"]
    assert read(api, {"id": ids["second"]})["task"]["dependsOn"] == [ids["top"]]
    # the goal numbers its tasks in the order of the drafts
    assert [child["task"]["number"], read(api, {"id": ids["top"]})["task"]["number"]] == [1, 2]


def test_the_results_come_in_the_order_of_the_drafts_and_say_what_happened(api: Api) -> None:
    kept, changed, gone = make_task(api, "Kept"), make_task(api, "Changed"), make_task(api, "Gone")
    results = applied(
        api,
        [
            {"id": "n", "title": "New", "task": {}},
            {"id": changed["id"], "title": "Other"},
            {"id": kept["id"], "title": "Kept"},
            {"id": "g", "title": "Goal", "goal": {}},
        ],
        [gone["id"]],
    )
    assert [(each["draftId"], each["type"], each["outcome"], each.get("version")) for each in results] == [
        ("n", "task", "created", 1),
        (changed["id"], "task", "updated", 2),
        (kept["id"], "task", "unchanged", 1),
        ("g", "goal", "created", 1),
        (gone["id"], "task", "deleted", None),
    ]


@pytest.mark.parametrize(("drafts", "deletes"), [("updateDrafts", "deleteDrafts"), ("upserts", "deletes")])
@pytest.mark.parametrize("as_object", [False, True])
def test_both_names_of_the_lists_are_read(api: Api, drafts: str, deletes: str, as_object: bool) -> None:
    gone = make_task(api)["id"]
    body = {
        "scope": DOCS,
        drafts: [{"id": "a", "title": "A", "task": {}}],
        deletes: [{"id": gone} if as_object else gone],
    }
    answer = api.post("/v1/tracks/apply", body)
    assert [each["outcome"] for each in answer.json["results"]] == ["created", "deleted"]
    assert [track["title"] for track in everything(api)] == ["A"]


@pytest.mark.parametrize(("one", "two"), [("updateDrafts", "upserts"), ("deleteDrafts", "deletes")])
def test_both_names_at_once_are_refused(api: Api, one: str, two: str) -> None:
    task = make_task(api)["id"]
    value: Any = [task] if one == "deleteDrafts" else [{"id": task}]
    assert_refused(api.post("/v1/tracks/apply", {"scope": DOCS, one: value, two: value}), 400, "body", "both")


def test_a_uuid_draft_changes_that_track_and_keeps_the_rest(api: Api) -> None:
    task = make_task(api, scope=PERSONAL, status="todo", dueDate="2026-06-05")
    applied(api, [{"id": task["id"], "title": "New", "task": {"dueDate": ""}}])
    after = read(api, task)
    assert (after["title"], after["task"]["status"], after["task"]["dueDate"]) == ("New", "todo", None)
    # the request's scope is for new tracks
    assert after["scope"] == PERSONAL


def test_existing_tracks_may_refer_to_new_ones(api: Api) -> None:
    task = make_task(api)
    results = applied(
        api,
        [
            {"id": task["id"], "task": {"dependsOn": ["new"], "goalId": "goal"}},
            {"id": "new", "title": "New", "task": {"parentId": task["id"]}},
            {"id": "goal", "title": "Goal", "goal": {}},
        ],
    )
    after = read(api, task)
    assert after["task"]["dependsOn"] == [results[1]["id"]]
    assert after["task"]["goalId"] == results[2]["id"]
    assert after["task"]["number"] == 1


def test_a_task_may_be_put_into_an_existing_goal_that_changes_too(api: Api) -> None:
    goal = make_goal(api)
    make_task(api, goalId=goal["id"])
    results = applied(
        api,
        [
            {"id": "t", "title": "T", "task": {"goalId": goal["id"]}},
            {"id": goal["id"], "goal": {"progress": 50}},
        ],
    )
    assert read(api, results[0])["task"]["number"] == 2
    assert read(api, goal)["goal"]["progress"] == 50
    assert make_task(api, goalId=goal["id"])["task"]["number"] == 3


def test_personal_drafts_may_belong_to_a_personal_goal_of_the_same_request(api: Api, caller: Caller) -> None:
    results = applied(
        api,
        [{"id": "t", "title": "T", "task": {"goalId": "g"}}, {"id": "g", "title": "G", "goal": {}}],
        scope=PERSONAL,
    )
    assert read(api, results[0])["task"]["goalId"] == results[1]["id"]
    assert caller("user_bob").get(f"/v1/tracks/{results[0]['id']}").status == 404


def test_a_hundred_drafts_are_applied_at_once(api: Api) -> None:
    drafts = [{"id": f"t{n}", "title": f"T{n}", "task": {"dependsOn": [f"t{n - 1}"] if n else []}} for n in range(100)]
    assert len(applied(api, drafts)) == 100
    assert len(api.get("/v1/tracks?limit=100").json["items"]) == 100


# ---------------------------------------------------------------- refused, and nothing written


BAD: list[tuple[Any, int, str]] = [
    ({"id": "bad", "title": "B", "task": {}, "goal": {}}, 400, "updateDrafts.1"),
    ({"id": "bad", "title": "B"}, 400, "updateDrafts.1"),
    ({"id": "bad", "task": {}}, 400, "updateDrafts.1.title"),
    ({"id": "bad", "title": " ", "task": {}}, 400, "updateDrafts.1.title"),
    ({"id": "good", "title": "B", "task": {}}, 400, "updateDrafts.1.id"),
    ({"id": "", "title": "B", "task": {}}, 400, "updateDrafts.1.id"),
    ({"title": "B", "task": {}}, 400, "updateDrafts.1.id"),
    ({"id": "bad", "title": "B", "task": {"status": "started"}}, 400, "updateDrafts.1.task.status"),
    ({"id": "bad", "title": "B", "task": {"dueDate": "2026-02-30"}}, 400, "updateDrafts.1.task.dueDate"),
    ({"id": "bad", "title": "B", "goal": {"progress": 101}}, 400, "updateDrafts.1.goal.progress"),
    ({"id": "bad", "title": "B", "task": {}, "extra": 1}, 400, "updateDrafts.1.extra"),
    ({"id": "bad", "title": "B", "task": None}, 400, "updateDrafts.1.task"),
    ({"id": "bad", "title": "B", "task": {"parentId": "nobody"}}, 422, "updateDrafts.1.task.parentId"),
    ({"id": "bad", "title": "B", "task": {"goalId": "nobody"}}, 422, "updateDrafts.1.task.goalId"),
    ({"id": "bad", "title": "B", "task": {"dependsOn": ["good", "no"]}}, 422, "updateDrafts.1.task.dependsOn.1"),
    ({"id": "bad", "title": "B", "task": {"goalId": "good"}}, 422, "updateDrafts.1.task.goalId"),
    ({"id": "bad", "title": "B", "task": {"parentId": "bad"}}, 422, "updateDrafts.1.task.parentId"),
    ({"id": "bad", "title": "B", "task": {"parentId": new_id()}}, 422, "updateDrafts.1.task.parentId"),
    ({"id": "bad", "title": "B", "task": {"dependsOn": ["good", new_id()]}}, 422, "updateDrafts.1.task.dependsOn.1"),
    ({"id": new_id(), "title": "B"}, 422, "updateDrafts.1.id"),
]


@pytest.mark.parametrize(("bad", "status", "field"), BAD)
def test_one_bad_draft_and_nothing_is_written(api: Api, bad: Any, status: int, field: str) -> None:
    gone = make_task(api)
    answer = apply(api, [{"id": "good", "title": "Good", "task": {}}, bad], [gone["id"]])
    assert_refused(answer, status, field)
    assert everything(api) == [gone]


def test_a_bad_delete_and_nothing_is_written(api: Api) -> None:
    for bad, status, field in (
        (new_id(), 422, "deleteDrafts.0"),
        ("label", 400, "deleteDrafts.0.id"),
        ({}, 400, "deleteDrafts.0.id"),
        (7, 400, "deleteDrafts.0"),
    ):
        assert_refused(apply(api, [{"id": "good", "title": "Good", "task": {}}], [bad]), status, field)
    assert everything(api) == []


def test_one_track_twice_is_refused(api: Api) -> None:
    task = make_task(api)
    again = task["id"].upper()
    assert_refused(
        apply(api, [{"id": task["id"], "title": "A"}, {"id": again, "title": "B"}]), 400, "updateDrafts.1.id"
    )
    assert_refused(apply(api, [{"id": task["id"], "title": "A"}], [again]), 400, "deleteDrafts.0")
    assert_refused(apply(api, (), [task["id"], again]), 400, "deleteDrafts.1")
    assert read(api, task) == task


def test_a_draft_cannot_lean_on_what_the_same_request_deletes(api: Api) -> None:
    gone = make_task(api)
    drafts = [{"id": "t", "title": "T", "task": {"dependsOn": [gone["id"]]}}]
    assert_refused(apply(api, drafts, [gone["id"]]), 422, "updateDrafts.0.task.dependsOn.0")
    assert read(api, gone) == gone


def test_a_draft_of_the_other_type_than_its_track_is_refused(api: Api) -> None:
    task = make_task(api)
    assert_refused(apply(api, [{"id": task["id"], "goal": {}}]), 400, "updateDrafts.0.goal")


def test_a_label_is_not_both_goal_and_parent(api: Api) -> None:
    goal = {"id": "g", "title": "G", "goal": {}}
    task = {"id": "t", "title": "T", "task": {"parentId": "g", "goalId": "g"}}
    assert_refused(apply(api, [task, goal]), 422, "updateDrafts.0.task.parentId")
    one = {"id": "a", "title": "T", "task": {"parentId": "g"}}
    two = {"id": "b", "title": "T", "task": {"goalId": "g"}}
    assert_refused(apply(api, [one, two, goal]), 422, "updateDrafts.0.task.parentId")


@pytest.mark.parametrize("count", [0, 101])
def test_none_or_more_than_a_hundred_drafts_are_refused(api: Api, count: int) -> None:
    drafts = [{"id": f"t{n}", "title": "T", "task": {}} for n in range(count)]
    assert_refused(api.post("/v1/tracks/apply", {"scope": DOCS, "updateDrafts": drafts}), 400, "body", str(count))
    assert everything(api) == []


def test_drafts_and_deletes_count_together(api: Api) -> None:
    drafts = [{"id": f"t{n}", "title": "T", "task": {}} for n in range(60)]
    assert_refused(apply(api, drafts, [new_id() for _ in range(41)]), 400, "body", "101")


def test_rows_that_do_not_fit_one_transaction_are_refused_with_their_number(api: Api) -> None:
    outside = [make_task(api)["id"] for _ in range(2)]
    drafts = [{"id": f"t{n}", "title": "T", "task": {"dependsOn": outside}} for n in range(99)]
    assert_refused(apply(api, drafts), 400, "body", "101")


def test_another_tenants_and_anothers_personal_tracks_are_unknown(api: Api, caller: Caller) -> None:
    foreign = make_task(caller(tenant=new_id()))
    bobs = make_task(caller("user_bob"), scope=PERSONAL)
    for track in (foreign, bobs):
        assert_refused(apply(api, [{"id": track["id"], "title": "x"}]), 422, "updateDrafts.0.id")
        assert_refused(apply(api, (), [track["id"]]), 422, "deleteDrafts.0")
        drafts = [{"id": "t", "title": "T", "task": {"parentId": track["id"]}}]
        assert_refused(apply(api, drafts), 422, "updateDrafts.0.task.parentId")


def test_a_scope_is_required(api: Api) -> None:
    body = {"updateDrafts": [{"id": "a", "title": "A", "task": {}}]}
    assert_refused(api.post("/v1/tracks/apply", body), 400, "scope", "required")


# ---------------------------------------------------------------- cycles


def test_a_cycle_among_new_tracks_is_refused_with_its_path(api: Api) -> None:
    drafts = [
        {"id": "a", "title": "A", "task": {"dependsOn": ["b"]}},
        {"id": "b", "title": "B", "task": {"dependsOn": ["c"]}},
        {"id": "c", "title": "C", "task": {"dependsOn": ["a"]}},
    ]
    answer = apply(api, drafts)
    assert_refused(answer, 422, "updateDrafts.0.task.dependsOn.0", "cycle")
    assert len(answer.json["cycle"]) == 4
    assert answer.json["cycle"][0] == answer.json["cycle"][-1]
    assert everything(api) == []


def test_a_cycle_through_an_existing_track_is_refused(api: Api) -> None:
    first = make_task(api)
    second = make_task(api, dependsOn=[first["id"]])
    drafts = [
        {"id": "new", "title": "New", "task": {"dependsOn": [second["id"]]}},
        {"id": first["id"], "task": {"dependsOn": ["new"]}},
    ]
    answer = apply(api, drafts)
    assert_refused(answer, 422)
    assert {first["id"], second["id"]} < set(answer.json["cycle"])
    assert read(api, first) == first


def test_a_circle_that_one_draft_opens_while_another_closes_it_is_fine(api: Api) -> None:
    first = make_task(api)
    second = make_task(api, dependsOn=[first["id"]])
    applied(
        api,
        [{"id": first["id"], "task": {"dependsOn": [second["id"]]}}, {"id": second["id"], "task": {"dependsOn": []}}],
    )
    assert read(api, first)["task"]["dependsOn"] == [second["id"]]
