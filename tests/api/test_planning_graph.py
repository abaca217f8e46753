"""Dependencies: no cycles, and the graph of a task or goal."""

from typing import Any

import pytest

from switchyard.surfaces.planning import graph as graphs
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.planning import PERSONAL, assert_refused, change, make_goal, make_task, read


def graph(api: Api, track: Any) -> Any:
    answer = api.get(f"/v1/tracks/{track['id']}/graph")
    assert answer.status == 200, answer.text
    return answer.json


# ---------------------------------------------------------------- cycles


@pytest.mark.parametrize(("name", "many"), [("parentId", False), ("dependsOn", True)])
def test_a_task_cannot_lead_to_itself(api: Api, name: str, many: bool) -> None:
    task = make_task(api)
    field = f"task.{name}.0" if many else f"task.{name}"
    body = {"task": {name: [task["id"]] if many else task["id"]}}
    answer = api.patch(f"/v1/tracks/{task['id']}", body)
    assert_refused(answer, 422, field, "cycle")
    assert answer.json["cycle"] == [task["id"], task["id"]]


def test_a_circle_of_dependencies_is_refused_with_its_path(api: Api) -> None:
    first = make_task(api)
    second = make_task(api, dependsOn=[first["id"]])
    third = make_task(api, dependsOn=[make_task(api)["id"], second["id"]])
    answer = api.patch(f"/v1/tracks/{first['id']}", {"task": {"dependsOn": [third["id"]]}})
    assert_refused(answer, 422, "task.dependsOn.0", "cycle")
    assert answer.json["code"] == "cycle"
    assert answer.json["cycle"] == [first["id"], third["id"], second["id"], first["id"]]
    assert read(api, first) == first


def test_a_circle_of_parents_is_refused_with_its_path(api: Api) -> None:
    top = make_task(api)
    middle = make_task(api, parentId=top["id"])
    bottom = make_task(api, parentId=middle["id"])
    answer = api.patch(f"/v1/tracks/{top['id']}", {"task": {"parentId": bottom["id"]}})
    assert_refused(answer, 422, "task.parentId", "cycle")
    assert answer.json["cycle"] == [top["id"], bottom["id"], middle["id"], top["id"]]


def test_parents_and_dependencies_are_no_circle_together(api: Api) -> None:
    parent = make_task(api)
    child = make_task(api, parentId=parent["id"])
    assert change(api, parent, {"task": {"dependsOn": [child["id"]]}})["task"]["dependsOn"] == [child["id"]]


def test_a_diamond_is_not_a_circle(api: Api) -> None:
    base = make_task(api)
    left, right = (make_task(api, dependsOn=[base["id"]]) for _ in range(2))
    assert make_task(api, dependsOn=[left["id"], right["id"]])


def test_a_circle_is_refused_through_a_long_chain(api: Api) -> None:
    chain = [make_task(api)]
    for _ in range(30):
        chain.append(make_task(api, dependsOn=[chain[-1]["id"]]))
    answer = api.patch(f"/v1/tracks/{chain[0]['id']}", {"task": {"dependsOn": [chain[-1]["id"]]}})
    assert_refused(answer, 422)
    assert len(answer.json["cycle"]) == 32


def test_a_circle_is_refused_through_a_task_that_became_personal_since(api: Api, caller: Caller) -> None:
    last = make_task(api)
    middle = make_task(api, dependsOn=[last["id"]])
    first = make_task(api, dependsOn=[middle["id"]])
    change(api, middle, {"scope": PERSONAL})
    answer = caller("user_ben").patch(f"/v1/tracks/{last['id']}", {"task": {"dependsOn": [first["id"]]}})
    assert_refused(answer, 422, "task.dependsOn.0", "cycle")


def test_what_the_same_request_deletes_closes_no_circle(api: Api) -> None:
    last = make_task(api)
    middle = make_task(api, dependsOn=[last["id"]])
    first = make_task(api, dependsOn=[middle["id"]])
    draft = {"id": last["id"], "task": {"dependsOn": [first["id"]]}}
    body = {"scope": PERSONAL, "updateDrafts": [draft], "deleteDrafts": [middle["id"]]}
    answer = api.post("/v1/tracks/apply", body)
    assert answer.status == 200, answer.text


# ---------------------------------------------------------------- graph


def test_the_graph_of_a_goal_shows_what_is_ready_what_waits_and_how_far_it_is(api: Api) -> None:
    goal = make_goal(api)["id"]
    done = make_task(api, "Done", goalId=goal, status="done")
    ready = make_task(api, "Ready", goalId=goal, dependsOn=[done["id"]], assignee="agent_a", status="todo")
    waiting = make_task(api, "Waiting", goalId=goal, dependsOn=[ready["id"], done["id"]])
    last = make_task(api, "Last", goalId=goal, dependsOn=[waiting["id"]])
    cancelled = make_task(api, "Cancelled", goalId=goal, status="cancelled")
    shown = graph(api, {"id": goal})
    assert (shown["id"], shown["type"], shown["truncated"]) == (goal, "goal", False)
    assert [node["id"] for node in shown["nodes"]] == [each["id"] for each in (done, ready, waiting, last, cancelled)]
    assert shown["nodes"][1] == {
        "id": ready["id"],
        "title": "Ready",
        "status": "todo",
        "assignee": "agent_a",
        "priority": "medium",
    }
    assert {(edge["from"], edge["dependsOn"]) for edge in shown["edges"]} == {
        (ready["id"], done["id"]),
        (waiting["id"], ready["id"]),
        (waiting["id"], done["id"]),
        (last["id"], waiting["id"]),
    }
    assert shown["ready"] == [ready["id"]]
    assert shown["blocked"] == [waiting["id"], last["id"]]
    assert shown["criticalPathLength"] == 3


def test_the_graph_of_a_task_shows_all_it_depends_on(api: Api) -> None:
    base = make_task(api, status="done")
    middle = make_task(api, dependsOn=[base["id"]])
    task = make_task(api, dependsOn=[middle["id"]])
    make_task(api, "Not of it", dependsOn=[task["id"]])
    shown = graph(api, task)
    assert {node["id"] for node in shown["nodes"]} == {base["id"], middle["id"], task["id"]}
    assert (shown["ready"], shown["blocked"], shown["criticalPathLength"]) == ([middle["id"]], [task["id"]], 2)


def test_finishing_what_a_task_waits_for_makes_it_ready(api: Api) -> None:
    first = make_task(api)
    second = make_task(api, dependsOn=[first["id"]])
    assert graph(api, second)["blocked"] == [second["id"]]
    change(api, first, {"task": {"status": "done"}})
    assert graph(api, second)["ready"] == [second["id"]]


def test_a_cancelled_dependency_still_blocks(api: Api) -> None:
    first = make_task(api, status="cancelled")
    second = make_task(api, dependsOn=[first["id"]])
    assert graph(api, second)["blocked"] == [second["id"]]


def test_an_empty_goal_has_an_empty_graph(api: Api) -> None:
    shown = graph(api, make_goal(api, scope=PERSONAL))
    assert (shown["nodes"], shown["edges"], shown["criticalPathLength"]) == ([], [], 0)


def test_a_task_of_another_goal_blocks_but_is_not_a_node(api: Api) -> None:
    outside = make_task(api)
    goal = make_goal(api)
    task = make_task(api, goalId=goal["id"], dependsOn=[outside["id"]])
    shown = graph(api, goal)
    assert [node["id"] for node in shown["nodes"]] == [task["id"]]
    assert shown["blocked"] == [task["id"]]


def test_a_finished_task_outside_the_goal_blocks_nothing(api: Api) -> None:
    outside = make_task(api, status="done")
    goal = make_goal(api)
    task = make_task(api, goalId=goal["id"], dependsOn=[outside["id"]])
    shown = graph(api, goal)
    assert ([node["id"] for node in shown["nodes"]], shown["ready"]) == ([task["id"]], [task["id"]])


def test_a_graph_that_is_cut_in_the_width_says_so(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    task = make_task(api, dependsOn=[make_task(api)["id"] for _ in range(3)])
    assert graph(api, task)["truncated"] is False
    monkeypatch.setattr(graphs, "NODES_MAX", 3)
    shown = graph(api, task)
    assert (len(shown["nodes"]), shown["truncated"]) == (3, True)
