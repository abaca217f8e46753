"""The examples of the planning document, sent as printed."""

from tests.support.http import Api


def test_a_personal_task_is_created_as_the_document_prints_it(api: Api) -> None:
    answer = api.post(
        "/v1/tracks",
        {
            "type": "task",
            "title": "Review API docs",
            "scope": {"type": "personal"},
            "task": {"status": "todo", "dueDate": "2026-06-05"},
        },
    )
    assert answer.status == 201
    track = api.get(f"/v1/tracks/{answer.json['id']}").json
    assert track == answer.json
    assert (track["type"], track["title"], track["scope"]) == (
        "task",
        "Review API docs",
        {"type": "personal"},
    )
    assert (track["task"]["status"], track["task"]["dueDate"]) == ("todo", "2026-06-05")


def test_a_goal_in_a_project_is_created_as_the_document_prints_it(api: Api) -> None:
    answer = api.post(
        "/v1/tracks",
        {
            "type": "goal",
            "title": "Ship docs v1",
            "scope": {"type": "projects", "ids": ["project-id"]},
            "goal": {"status": "on_track", "progress": 40},
        },
    )
    assert answer.status == 201
    assert answer.json["goal"] == {
        "status": "on_track",
        "dueDate": None,
        "progress": 40,
        "parentId": None,
        "dependsOn": [],
    }
    assert answer.json["scope"] == {"type": "projects", "ids": ["project-id"]}


def test_bulk_apply_resolves_the_labels_as_the_document_prints_it(api: Api) -> None:
    answer = api.post(
        "/v1/tracks/apply",
        {
            "scope": {"type": "personal"},
            "updateDrafts": [
                {"id": "t001", "title": "Task A", "task": {"status": "todo"}},
                {"id": "t002", "title": "Task B", "task": {"status": "todo", "dependsOn": ["t001"]}},
            ],
        },
    )
    assert answer.status == 200
    first, second = answer.json["results"]
    assert (first["draftId"], first["outcome"], second["draftId"]) == ("t001", "created", "t002")
    assert api.get(f"/v1/tracks/{second['id']}").json["task"]["dependsOn"] == [first["id"]]
