"""The examples of the follow-ups document, sent as printed (its ids are placeholders; ours take their place)."""

from tests.api.conftest import Caller
from tests.support.http import Api


def test_a_task_is_created_as_the_document_prints_it(api: Api) -> None:
    answer = api.post(
        "/v1/tasks",
        {
            "title": "Follow up with Jane Doe",
            "related_resource_type": "contact",
            "related_resource_id": "con_123",
        },
    )
    assert answer.status == 201
    assert set(answer.json) == {"data", "request_id"}
    task = answer.json["data"]
    assert task["id"].startswith("task_")
    assert (task["title"], task["status"]) == ("Follow up with Jane Doe", "open")
    assert (task["related_resource_type"], task["related_resource_id"]) == ("contact", "con_123")
    assert api.get(f"/v1/tasks/{task['id']}").json["data"] == task


def test_open_tasks_are_listed_as_the_document_prints_it(api: Api) -> None:
    task = api.post("/v1/tasks", {"title": "Follow up with Jane Doe"}).json["data"]
    done = api.post("/v1/tasks", {"title": "Send the offer"}).json["data"]
    api.patch(f"/v1/tasks/{done['id']}", {"status": "completed"})
    answer = api.get("/v1/tasks?status=open&limit=25")
    assert answer.status == 200
    assert set(answer.json) == {"data", "request_id"}
    assert [each["id"] for each in answer.json["data"]] == [task["id"]]


def test_a_task_is_completed_as_the_document_prints_it(api: Api) -> None:
    task = api.post("/v1/tasks", {"title": "Follow up with Jane Doe"}).json["data"]
    answer = api.patch(
        f"/v1/tasks/{task['id']}", {"status": "completed", "completed_note": "Jane confirmed the next call."}
    )
    assert answer.status == 200
    assert answer.json["data"]["status"] == "completed"
    assert answer.json["data"]["completed_note"] == "Jane confirmed the next call."
    assert answer.json["data"]["completed_at"]


def test_a_task_carries_the_fields_of_the_documents_resource_model(caller: Caller, tenant: str) -> None:
    agent = caller("agent_mail", kind="agent")
    task = agent.post(
        "/v1/tasks",
        {
            "title": "Follow up with Jane Doe",
            "description": "She asked for a quote",
            "due_at": "2026-12-04T15:00:00+02:00",
            "assignee_id": "user_bea",
        },
    ).json["data"]
    assert task["tenant_id"] == tenant
    assert task["due_at"] == "2026-12-04T13:00:00.000Z"
    assert (task["assignee_id"], task["description"]) == ("user_bea", "She asked for a quote")
    assert (task["source"], task["last_agent_actor_id"]) == ("api", "agent_mail")
