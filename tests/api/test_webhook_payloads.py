"""What webhooks post is what docs/openapi.json says, for every kind of change."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from switchyard.domain import clock
from switchyard.surfaces.pool.payloads import payload
from tests.support.http import Api
from tests.support.openapi import openapi
from tests.support.runs import Runs
from tests.support.stream import Stream


def posted(stream: Stream) -> list[dict[str, Any]]:
    """Every message since the last call."""
    stream.settle()
    made = [payload(json.loads(each["Detail"])) for each in stream.bus.taken]
    stream.bus.taken.clear()
    return [each for each in made if each]


def check(message: dict[str, Any]) -> None:
    kind = message["type"].partition(".")[0]
    content = openapi()["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]
    Draft202012Validator({**content["schema"], "components": openapi()["components"]}).validate(message)


def test_messages_about_tasks_and_goals_are_as_published(api: Api, stream: Stream) -> None:
    scope = {"type": "projects", "ids": ["docs"]}
    goal = api.post("/v1/tracks", {"type": "goal", "title": "G", "scope": scope}).json["id"]
    own = {"goalId": goal, "dueDate": "2026-06-30"}
    first = api.post("/v1/tracks", {"type": "task", "title": "A", "scope": scope, "task": own}).json["id"]
    second = api.post(
        "/v1/tracks",
        {"type": "task", "title": "B", "scope": scope, "metadata": {"a": 1}, "task": {"dependsOn": [first]}},
    ).json["id"]
    for task, change in (
        (first, {"assignee": "agent_bo"}),
        (first, {"status": "cancelled"}),
        (second, {"dependsOn": [], "status": "done"}),
    ):
        assert api.patch(f"/v1/tracks/{task}", {"task": change}).status == 200
        stream.settle()
    assert api.patch(f"/v1/tracks/{goal}", {"goal": {"status": "completed"}}).status == 200
    stream.settle()
    assert api.delete(f"/v1/tracks/{goal}").status == 204
    assert api.delete(f"/v1/tracks/{second}").status == 204
    messages = posted(stream)
    for message in messages:
        check(message)
    told = {message["type"] for message in messages}
    tasks = {"created", "updated", "status_changed", "completed", "assigned", "deleted", "stuck"}
    goals = {"created", "updated", "status_changed", "completed", "deleted"}
    assert told == {f"task.{each}" for each in tasks} | {f"goal.{each}" for each in goals}


def test_messages_about_runs_are_as_published(ledger: Runs, stream: Stream) -> None:
    run = ledger.run()
    stream.settle()
    ledger.rewrite(run, dispatches=1, dispatched_at=clock.now(), version=2)
    stream.settle()
    ledger.rewrite(run, status="failed", error_message="no", version=3, changed_source="workflow")
    messages = posted(stream)
    assert {message["type"] for message in messages} >= {"run.queued", "run.failed"}
    for message in messages:
        check(message)


def test_a_message_that_is_not_as_published_is_noticed(api: Api, stream: Stream) -> None:
    assert api.post("/api/v1/tasks", {"title": "A"}).status == 201
    (message, *_) = posted(stream)
    with pytest.raises(Exception, match="other"):
        check({**message, "other": 1})
