"""Names that clients choose: commas, percent signs and look-alikes of ids in them, and errors in their words."""

import hashlib
from urllib.parse import quote, quote_plus

import pytest

from switchyard.domain.ids import new_id
from tests.support.http import Answer, Api
from tests.support.planning import DOCS, make_goal, make_task

AWKWARD = ["a,b", "50%", "100%25", "a%2Cb", "back\\slash", "a\\,b", "end\\", ",", "%", "a+b", "ö,ß"]

SOME_ID = "01a216b7-095d-7002-ab48-c394fccdf3ce"


def apply(api: Api, *drafts: object) -> Answer:
    return api.post("/v1/tracks/apply", {"scope": DOCS, "updateDrafts": list(drafts)})


def escaped(value: str) -> str:
    return quote(value.replace("\\", "\\\\").replace(",", "\\,"))


# ---------------------------------------------------------------- commas and percent signs


@pytest.mark.parametrize("name", AWKWARD)
def test_any_name_can_be_written_in_a_filter_of_several_values(api: Api, name: str) -> None:
    made = [make_task(api, "One", assignee=name)["id"], make_task(api, "Two", assignee="other")["id"]]
    make_task(api, "Three", assignee="third")
    for query in (f"assignee={escaped(name)},other", f"assignee={escaped(name)}&assignee=other"):
        found = api.get(f"/v1/tracks?{query}")
        assert sorted(each["id"] for each in found.json["items"]) == sorted(made), query


@pytest.mark.parametrize("name", AWKWARD)
def test_any_name_can_be_written_in_a_filter_of_one_value(api: Api, name: str) -> None:
    made = api.post("/api/v1/tasks", {"title": "One", "assignedTo": name, "spaceId": name}).json["id"]
    for query in (f"assignedTo={quote_plus(name)}", f"spaceId={quote(name)}"):
        assert [each["id"] for each in api.get(f"/api/v1/tasks?{query}").json] == [made]
    found = api.get(f"/v1/tasks?assignee_id={quote(name)}")
    assert [each["id"] for each in found.json["data"]] == [made]


def test_a_backslash_before_anything_else_is_one(api: Api) -> None:
    made = make_task(api, assignee="a\\b")["id"]
    assert [each["id"] for each in api.get("/v1/tracks?assignee=a%5Cb").json["items"]] == [made]


@pytest.mark.parametrize("name", [*AWKWARD, "ä?#&="])
@pytest.mark.parametrize("slash", ["", "/"])
def test_any_external_id_can_be_written_in_a_path(api: Api, tenant: str, name: str, slash: str) -> None:
    path = f"/v1/workspaces/{tenant}/objectives"
    body = {"agentId": "agent_a", "systemPromptData": {}, "metadata": {"externalId": name}}
    made = api.post(path, body)
    assert made.status == 200, made.text
    found = api.get(f"{path}/external_id:{quote(name, safe='')}{slash}")
    assert found.status == 200, found.text
    assert found.json["metadata"]["externalId"] == name


# ---------------------------------------------------------------- labels that look like ids


@pytest.mark.parametrize(
    "label",
    [
        f"tw_{SOME_ID}",
        f"draft_{SOME_ID}",
        hashlib.md5(b"a").hexdigest(),
        SOME_ID.replace("-", ""),
        f"task_{SOME_ID.replace('-', '')}",
        f"{{{SOME_ID}}}",
    ],
)
def test_a_draft_id_that_only_looks_like_one_is_a_label(api: Api, label: str) -> None:
    answer = apply(
        api,
        {"id": label, "title": "First", "task": {}},
        {"id": "second", "title": "Second", "task": {"dependsOn": [label], "parentId": label}},
    )
    assert answer.status == 200, answer.text
    first, second = answer.json["results"]
    assert (first["draftId"], first["outcome"]) == (label, "created")
    shown = api.get(f"/v1/tracks/{second['id']}").json["task"]
    assert (shown["dependsOn"], shown["parentId"]) == ([first["id"]], first["id"])


@pytest.mark.parametrize("spelling", ["{}", "task_{}", "obj_{}"])
def test_a_draft_id_as_a_surface_shows_it_is_that_track(api: Api, spelling: str) -> None:
    track = make_task(api)
    for track_id in (track["id"], track["id"].upper()):
        answer = apply(api, {"id": spelling.format(track_id), "title": "Changed"})
        assert [each["id"] for each in answer.json["results"]] == [track["id"]]


def test_a_label_wins_over_a_track_that_the_reference_might_mean(api: Api) -> None:
    track = make_task(api)
    label = track["id"].replace("-", "")
    answer = apply(
        api,
        {"id": label, "title": "New", "task": {}},
        {"id": "b", "title": "B", "task": {"dependsOn": [label]}},
    )
    new, second = answer.json["results"]
    assert new["id"] != track["id"]
    assert api.get(f"/v1/tracks/{second['id']}").json["task"]["dependsOn"] == [new["id"]]


# ---------------------------------------------------------------- errors in the sender's words


def test_a_cycle_is_reported_by_the_labels_of_the_drafts(api: Api) -> None:
    answer = apply(
        api,
        {"id": "a", "title": "A", "task": {"dependsOn": ["b"]}},
        {"id": "b", "title": "B", "task": {"dependsOn": ["c"]}},
        {"id": "c", "title": "C", "task": {"dependsOn": ["a"]}},
    )
    assert answer.status == 422
    assert answer.json["cycle"] == ["a", "b", "c", "a"]
    assert "a -> b -> c -> a" in answer.text
    itself = apply(api, {"id": "me", "title": "Me", "task": {"dependsOn": ["me"]}})
    assert itself.json["cycle"] == ["me", "me"]


def test_a_cycle_through_tracks_that_exist_names_those_by_their_ids(api: Api) -> None:
    old = make_task(api, "Old")["id"]
    answer = apply(
        api,
        {"id": old, "task": {"dependsOn": ["new"]}},
        {"id": "new", "title": "New", "task": {"dependsOn": [old]}},
    )
    assert answer.json["cycle"] == [old, "new", old]


def test_a_reference_of_the_wrong_kind_names_the_label(api: Api) -> None:
    answer = apply(
        api,
        {"id": "goal", "title": "G", "goal": {}},
        {"id": "task", "title": "T", "task": {"dependsOn": ["goal"]}},
    )
    assert answer.status == 422
    assert answer.json["errors"][0]["reason"].startswith("goal is not the id of a task")
    answer = apply(
        api,
        {"id": "other", "title": "T", "task": {}},
        {"id": "task", "title": "T", "task": {"goalId": "other"}},
    )
    assert answer.json["errors"][0]["reason"].startswith("other is not the id of a goal")


def test_all_unknown_references_of_drafts_are_reported_at_once(api: Api) -> None:
    gone, missing = new_id(), new_id()
    answer = apply(
        api,
        {"id": "a", "title": "A", "task": {"dependsOn": ["nobody", gone], "goalId": "nowhere"}},
        {"id": missing, "title": "B"},
        {"id": "c", "title": "C", "task": {"dependsOn": ["a"], "parentId": f"task_{gone}"}},
    )
    assert answer.status == 422, answer.text
    assert {each["field"] for each in answer.json["errors"]} == {
        "updateDrafts.0.task.dependsOn.0",
        "updateDrafts.0.task.dependsOn.1",
        "updateDrafts.0.task.goalId",
        "updateDrafts.1.id",
        "updateDrafts.2.task.parentId",
    }
    for name in ("nobody", "nowhere", gone, missing):
        assert name in answer.text
    assert api.get("/v1/tracks").json["items"] == []


def test_all_unknown_references_of_one_track_are_reported_at_once(api: Api) -> None:
    goal = make_goal(api)["id"]
    task = {"dependsOn": [new_id(), goal, new_id()], "parentId": new_id()}
    made = api.post("/v1/tracks", {"type": "task", "title": "A", "scope": DOCS, "task": task})
    changed = api.patch(f"/v1/tracks/{make_task(api)['id']}", {"task": task})
    pool = api.post("/api/v1/tasks", {"title": "A", "dependsOn": task["dependsOn"]})
    for answer in (made, changed):
        assert answer.status == 422
        assert {each["field"] for each in answer.json["errors"]} == {
            "task.dependsOn.0",
            "task.dependsOn.1",
            "task.dependsOn.2",
            "task.parentId",
        }
    assert pool.status in (400, 422)
    for each in task["dependsOn"]:
        assert each in pool.text
