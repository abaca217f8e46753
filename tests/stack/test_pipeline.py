"""From a write over HTTP to what follows from it, through the deployed stream and consumer."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from switchyard.store import keys
from switchyard.store.table import Table
from tests.support.stream import record

WITHIN_SECONDS = 30


@pytest.fixture
def client(stack: dict[str, Any]) -> httpx.Client:
    headers = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    return httpx.Client(base_url=stack["url"], headers=headers, timeout=60)


def create(client: httpx.Client, kind: str, **own: Any) -> dict[str, Any]:
    body = {"type": kind, "title": "Followed", "scope": {"type": "projects", "ids": ["docs"]}, kind: own}
    answer = client.post("/v1/tracks", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def soon(read: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """Read until it holds, or fail with what was read last."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not holds(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


def audited(client: httpx.Client, track_id: str) -> list[dict[str, Any]]:
    answer = client.get("/v1/audit", params={"track": track_id})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_writes_are_followed_by_audit_counts_and_events(stack: dict[str, Any], aws: Any, client: httpx.Client) -> None:
    sqs, events = aws("sqs"), aws("events")
    queue = sqs.create_queue(QueueName=f"heard-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus = next(each["Name"] for each in events.list_event_buses()["EventBuses"] if each["Name"] != "default")
    rule = f"heard-{uuid.uuid4().hex[:8]}"
    events.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps({"source": ["switchyard"]}))
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    goal = create(client, "goal")
    task = create(client, "task", goalId=goal["id"], status="todo")
    assert client.patch(f"/v1/tracks/{task['id']}", json={"task": {"status": "done"}}).status_code == 200

    entries = soon(lambda: audited(client, task["id"]), lambda found: len(found) == 2)
    assert [each["action"] for each in entries] == ["completed", "created"]
    wanted = {"follows": ["status", "progress"], "tasksTotal": 1, "tasksDone": 1, "progress": 100}
    soon(lambda: client.get(f"/v1/tracks/{goal['id']}").json()["rollup"], lambda found: found == wanted)

    heard: list[tuple[str, int]] = []

    def listen() -> list[tuple[str, int]]:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            if detail["track"]["id"] == task["id"]:
                heard.append((detail["type"], detail["sequence"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return heard

    told = {("task.created", 1), ("task.updated", 2), ("task.status_changed", 2), ("task.completed", 2)}
    soon(listen, lambda found: told <= set(found))
    events.remove_targets(Rule=rule, EventBusName=bus, Ids=["queue"])
    events.delete_rule(Name=rule, EventBusName=bus)
    sqs.delete_queue(QueueUrl=queue)


def test_a_record_that_is_delivered_again_changes_nothing(
    stack: dict[str, Any], aws: Any, client: httpx.Client
) -> None:
    goal = create(client, "goal")
    task = create(client, "task", goalId=goal["id"])
    soon(lambda: audited(client, task["id"]), lambda found: len(found) == 1)
    soon(lambda: client.get(f"/v1/tracks/{goal['id']}").json()["rollup"]["tasksTotal"], lambda found: found == 1)

    dynamodb, functions = aws("dynamodb"), aws("lambda")
    table = next(name for name in dynamodb.list_tables()["TableNames"] if "witchyard" in name)
    pk, sk = keys.track(stack["workspace_id"], task["id"])
    row = dynamodb.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})["Item"]
    names = [each["FunctionName"] for each in functions.list_functions(MaxItems=1_000)["Functions"]]
    consumer = next(name for name in names if "PipelineProjectChanges" in name)
    event = json.dumps({"Records": [record(None, row)]})
    answer = json.load(functions.invoke(FunctionName=consumer, Payload=event)["Payload"])

    assert answer == {"batchItemFailures": []}
    assert len(audited(client, task["id"])) == 1
    assert client.get(f"/v1/tracks/{goal['id']}").json()["rollup"]["tasksTotal"] == 1


def test_what_waits_for_a_task_is_free_once_it_is_done(client: httpx.Client) -> None:
    blocker = create(client, "task", status="in_progress")
    waiting = create(client, "task", dependsOn=[blocker["id"]])
    client.patch(f"/v1/tracks/{blocker['id']}", json={"task": {"status": "done"}})
    claim = f"/api/v1/tasks/{waiting['id']}/claim"
    soon(lambda: client.post(claim, json={"leaseSeconds": 60}).status_code, lambda status: status == 200)
    assert client.delete(f"/v1/tracks/{blocker['id']}").status_code == 204
    soon(lambda: client.get(f"/v1/tracks/{waiting['id']}").json()["task"]["dependsOn"], lambda found: found == [])


def test_a_long_text_goes_through_table_lists_and_stream(
    client: httpx.Client, deployed: Table, stack: dict[str, Any]
) -> None:
    text = "Ümlauts and words that an index does not copy. " * 200
    goal = create(client, "goal")
    body = {"type": "task", "title": "Long", "description": text, "scope": {"type": "projects", "ids": ["docs"]}}
    task = client.post("/v1/tracks", json=body | {"task": {"goalId": goal["id"], "status": "todo"}}).json()
    (listed,) = client.get("/v1/tracks", params={"goalId": goal["id"]}).json()["items"]
    assert listed == task
    assert listed["description"] == text
    row = deployed.get(*keys.track(stack["workspace_id"], task["id"]))
    assert row is not None
    assert "fields" not in row
    assert len(row["long_fields"]["B"]) < 1_000
    edited = client.patch(f"/v1/tracks/{task['id']}", json={"description": "Short", "task": {"status": "done"}})
    assert edited.json()["description"] == "Short"
    entries = soon(lambda: audited(client, task["id"]), lambda found: len(found) == 2)
    assert [each["action"] for each in entries] == ["completed", "created"]
    soon(lambda: client.get(f"/v1/tracks/{goal['id']}").json()["rollup"], lambda found: found["tasksDone"] == 1)
