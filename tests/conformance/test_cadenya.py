"""PyPI cadenya 0.9.0, unmodified, sync and async: only its base URL, key and workspace are ours."""

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from switchyard.domain.errors import Busy
from switchyard.domain.ids import new_id
from switchyard.http.request import Request
from switchyard.surfaces.objectives.surface import OBJECTIVES
from tests.support.front import Told, front

PROGRAM = Path(__file__).with_name("cadenya_program.py")
STATUS = {"content-type": "application/json"}
THROTTLED: Told = (429, {**STATUS, "retry-after": "1"}, '{"code": 8, "message": "Slow down", "details": []}')
BUSY: Told = OBJECTIVES.refuse(Busy(), Request("GET", "/", "", {}, {}, "request", {}))


class Client:
    """The client's methods by their dotted names; errors come back as the outcome, not as exceptions."""

    def __init__(self, program: "subprocess.Popen[str]", stack: dict[str, Any]) -> None:
        self.program = program
        self.options = {
            "base_url": stack["url"],
            "api_key": stack["tokens"]["agent"],
            "workspace_id": stack["workspace_id"],
        }

    def outcome(self, call: str, *args: Any, pages: bool = False, options: Any = None, **kwargs: Any) -> dict[str, Any]:
        order = {
            "call": call,
            "args": args,
            "kwargs": kwargs,
            "pages": pages,
            "options": {**self.options, **(options or {})},
        }
        assert self.program.stdin
        assert self.program.stdout
        self.program.stdin.write(json.dumps(order) + "\n")
        self.program.stdin.flush()
        answer = self.program.stdout.readline()
        assert answer, "the client program ended"
        return json.loads(answer)

    def result(self, call: str, *args: Any, **kwargs: Any) -> Any:
        outcome = self.outcome(call, *args, **kwargs)
        assert "result" in outcome, outcome
        return outcome["result"]

    def error(self, call: str, *args: Any, **kwargs: Any) -> tuple[str, int]:
        """The class of the exception and the gRPC code in its body."""
        outcome = self.outcome(call, *args, **kwargs)
        assert "error" in outcome, outcome
        assert outcome["body"].keys() == {"code", "message", "details"}
        assert all("@type" in detail for detail in outcome["body"]["details"])
        return outcome["error"], outcome["body"]["code"]


@pytest.fixture(scope="module", params=["sync", "async"])
def client(
    request: pytest.FixtureRequest, stack: dict[str, Any], clients_python: Path, clients_environment: dict[str, str]
) -> Iterator[Client]:
    command = [str(clients_python), "-I", str(PROGRAM), request.param]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=clients_environment, **pipes) as program:
        yield Client(program, stack)
        assert program.stdin
        program.stdin.close()


@pytest.fixture
def planning(stack: dict[str, Any]) -> Iterator[httpx.Client]:
    """The same agent on the planning surface, and on our extensions."""
    headers = {"authorization": f"Bearer {stack['tokens']['agent']}"}
    with httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False) as made:
        yield made


def new_objective(client: Client, **fields: Any) -> dict[str, Any]:
    return client.result("objectives.create", agent_id="agent_otto", system_prompt_data={"tone": "kind"}, **fields)


def add_tasks(planning: httpx.Client, stack: dict[str, Any], of: str, count: int) -> list[str]:
    url = f"/v1/workspaces/{stack['workspace_id']}/objectives/{of}/tasks"
    answers = [planning.post(url, json={"task": f"Task {number}"}) for number in range(1, count + 1)]
    assert [answer.status_code for answer in answers] == [200] * count
    return [answer.json()["metadata"]["id"] for answer in answers]


# ---------------------------------------------------------------- tasks


def test_tasks_come_in_both_orders_over_several_pages(
    client: Client, planning: httpx.Client, stack: dict[str, Any]
) -> None:
    of = new_objective(client)["metadata"]["id"]
    ids = add_tasks(planning, stack, of, 5)
    listed = client.result("objectives.tasks.list", of, limit=2, pages=True)
    assert [(each["data"]["number"], each["metadata"]["id"]) for each in listed] == list(enumerate(ids, 1))
    backwards = client.result("objectives.tasks.list", of, limit=2, sort_order="desc", pages=True)
    assert backwards == listed[::-1]
    assert client.result("objectives.tasks.list", of, limit=2)["pagination"]["next_cursor"]


def test_a_task_is_retrieved(client: Client, planning: httpx.Client, stack: dict[str, Any]) -> None:
    of = new_objective(client)["metadata"]["id"]
    (task_id,) = add_tasks(planning, stack, of, 1)
    assert client.result("objectives.tasks.retrieve", of, task_id) == {
        "data": {"number": 1, "task": "Task 1", "completed": False},
        "metadata": {"id": task_id},
    }


def test_a_task_planned_and_completed_elsewhere_shows_so_here(client: Client, planning: httpx.Client) -> None:
    of = new_objective(client, metadata={"external_id": f"run {new_id()}"})
    scope = {"type": "personal"}
    task = {"type": "task", "title": "Planned", "scope": scope, "task": {"goalId": of["metadata"]["id"]}}
    track = planning.post("/v1/tracks", json=task).json()
    named = f"external_id:{of['metadata']['external_id']}"
    (shown,) = client.result("objectives.tasks.list", named, pages=True)
    assert shown["data"] == {"number": 1, "task": "Planned", "completed": False}
    done = planning.patch(f"/v1/tracks/{track['id']}", json={"task": {"status": "done"}}).json()
    (shown,) = client.result("objectives.tasks.list", named, pages=True)
    assert shown["data"]["completed"] is True
    assert datetime.fromisoformat(shown["data"]["completed_at"]) == datetime.fromisoformat(done["completedAt"])


# ---------------------------------------------------------------- objectives


def test_an_objective_is_created_retrieved_and_listed(client: Client) -> None:
    label = {"run": new_id()}
    made = new_objective(
        client,
        first_user_message="Find the leak",
        metadata={"external_id": f"ticket {new_id()}", "labels": label},
        secrets=[{"name": "HOUSE_KEY", "value": "hunter2"}],
        memory_cascade=[{"memory_layer_id": "memlyr_1"}],
        pinned_parameters={"city": "Bern"},
    )
    assert made["state"] == "STATE_PENDING"
    assert made["secrets"] == [{"name": "HOUSE_KEY"}]
    assert made["memory_cascade"] == [{"memory_layer_id": "memlyr_1"}]
    assert made["config_snapshot"]["agent"]["metadata"]["id"] == "agent_otto"
    assert client.result("objectives.retrieve", made["metadata"]["id"]) == made
    assert client.result("objectives.retrieve", f"external_id:{made['metadata']['external_id']}") == made
    wanted = {"labels": f"run={label['run']}", "state": "STATE_PENDING", "agent_id": "agent_otto", "limit": 5}
    assert client.result("objectives.list", include_info=True, pages=True, **wanted) == [made]
    assert client.result("objectives.list", pages=True, **(wanted | {"state": "STATE_RUNNING"})) == []


def test_an_objective_is_continued_and_cancelled(client: Client) -> None:
    of = new_objective(client)["metadata"]["id"]
    event = client.result("objectives.continue_", of, message="Go on")
    assert event["data"] == {"type": "userMessage", "user_message": {"content": "Go on"}}
    assert client.result("objectives.retrieve", of)["state"] == "STATE_RUNNING"
    cancelled = client.result("objectives.cancel", of, reason="no budget")
    assert (cancelled["state"], cancelled["state_message"]) == ("STATE_CANCELLED", "no budget")


# ---------------------------------------------------------------- errors


def test_each_refusal_is_the_error_class_that_its_client_knows(client: Client, stack: dict[str, Any]) -> None:
    of = new_objective(client)["metadata"]["id"]
    named = {"agent_id": "agent_otto", "system_prompt_data": {}, "metadata": {"external_id": f"once {new_id()}"}}
    client.result("objectives.create", **named)
    orphan = named | {"metadata": {}, "extra_body": {"parentObjectiveId": f"obj_{new_id()}"}}
    readonly = {"api_key": stack["tokens"]["readonly"]}
    assert client.error("objectives.tasks.list", of, limit=0) == ("BadRequestError", 3)
    assert client.error("objectives.tasks.list", of, cursor="tampered") == ("BadRequestError", 3)
    assert client.error("objectives.retrieve", of, options={"api_key": "sy_no"}) == ("AuthenticationError", 16)
    assert client.error("objectives.create", options=readonly, **named) == ("PermissionDeniedError", 7)
    assert client.error("objectives.tasks.retrieve", of, "task_none") == ("NotFoundError", 5)
    assert client.error("objectives.retrieve", of, workspace_id=new_id()) == ("NotFoundError", 5)
    assert client.error("objectives.create", **named) == ("ConflictError", 6)
    assert client.error("objectives.create", **orphan) == ("UnprocessableEntityError", 3)


def test_an_overload_is_the_error_class_that_its_client_knows(client: Client, stack: dict[str, Any]) -> None:
    # Neither can be had from the emulator at will: the front answers, the second time in our own words.
    with front(stack["url"], [THROTTLED, BUSY]) as before:
        options = {"base_url": before.url}
        assert client.error("objectives.retrieve", "obj_1", options=options) == ("RateLimitError", 8)
        assert client.error("objectives.retrieve", "obj_1", options=options) == ("InternalServerError", 14)


def test_a_throttled_call_waits_for_retry_after_and_succeeds(client: Client, stack: dict[str, Any]) -> None:
    of = new_objective(client)["metadata"]["id"]
    with front(stack["url"], [THROTTLED, THROTTLED]) as before:
        options = {"base_url": before.url, "max_retries": 4}
        assert client.result("objectives.retrieve", of, options=options)["metadata"]["id"] == of
    first, second, third = before.seen
    # Left to itself the client would have waited half a second.
    assert second - first >= 1
    assert third - second >= 1


def test_a_conflict_that_stays_is_not_tried_again(client: Client, stack: dict[str, Any]) -> None:
    named = {"agent_id": "agent_otto", "system_prompt_data": {}, "metadata": {"external_id": f"once {new_id()}"}}
    client.result("objectives.create", **named)
    with front(stack["url"]) as before:
        options = {"base_url": before.url, "max_retries": 4}
        assert client.error("objectives.create", options=options, **named)[0] == "ConflictError"
    assert len(before.seen) == 1
