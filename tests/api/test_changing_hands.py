"""A shared task becomes personal, or a personal one shared: its runs follow it, and so does who is told of them."""

import json
from typing import Any

import pytest

from switchyard.aws.queues import Message
from switchyard.domain import clock
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.ledger import system
from switchyard.pipeline import webhooks
from switchyard.store import audit
from switchyard.store import runs as run_rows
from switchyard.store.table import Table
from switchyard.surfaces.pool.payloads import payload
from switchyard.surfaces.projects import run_stream
from switchyard.surfaces.runs import claims
from tests.api.conftest import Caller
from tests.api.test_pool_webhooks import Outside, Queue
from tests.api.test_runs_workflow import World
from tests.support.http import Api
from tests.support.stream import Stream

CLAIM = "/v1/runs/claim"
HOOK = {"url": "https://hooks.example.com/in", "events": ["run.*", "task.*"]}


@pytest.fixture
def world(table: Table, tenant: str) -> World:
    return World(table, tenant)


def offered(world: World, owner: str | None = None) -> Run:
    return world.run(world.task(owner=owner), dispatched_at=clock.now(), dispatches=1)


both_ways = pytest.mark.parametrize(("was", "becomes"), [(None, "user_ada"), ("user_ada", None)])


# ---------------------------------------------------------------- what runs are offered


@pytest.mark.parametrize("count", [claims.CANDIDATES, claims.CANDIDATES + claims.MORE_CANDIDATES + 1])
def test_runs_that_can_not_be_taken_starve_nobody(world: World, bo: Api, count: int) -> None:
    for _ in range(count):
        world.change_task(offered(world), owner="user_ada")
    free = offered(world)
    answer = bo.post(CLAIM, {})
    assert (answer.status, answer.json["run"]["id"]) == (200, free.id)


def test_a_look_reads_a_bounded_number_of_pages(
    world: World, bo: Api, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "CANDIDATES", 1)
    monkeypatch.setattr(claims, "MORE_CANDIDATES", 1)
    for _ in range(claims.PAGES_MAX + 1):
        world.change_task(offered(world), owner="user_ada")
    calls: list[str] = []
    table.observe = lambda operation, _answer: calls.append(operation)
    assert bo.post(CLAIM, {}).status == 204
    assert calls.count("batch_get_item") == claims.PAGES_MAX


@both_ways
def test_active_runs_move_with_their_task(
    world: World, api: Api, bo: Api, was: str | None, becomes: str | None
) -> None:
    task = world.task(owner=was)
    finished = world.run(task, status="failed")
    waiting = world.run(task, dispatched_at=clock.now(), dispatches=1)
    world.deliver()
    world.change_task(waiting, owner=becomes)
    world.deliver()
    assert (world.now(waiting).owner, world.now(finished).owner) == (becomes, was)
    assert run_rows.to_item(world.now(waiting))["ready"]["S"].startswith(
        f"{world.tenant}{'~user_ada' if becomes else '#'}"
    )
    assert (world.now(waiting).version, world.now(waiting).changed_request) == (2, waiting.changed_request)
    found, other = (api, bo) if becomes else (bo, api)
    if becomes:
        assert other.post(CLAIM, {}).status == 204
    assert found.post(CLAIM, {}).json["run"]["id"] == waiting.id


def test_a_run_does_not_follow_a_task_that_has_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a consumer that read the task while it was personal
    run = offered(world)
    world.change_task(run, owner="user_ada")
    load, loaded = system.load, 0

    def late(*given: Any) -> Any:
        nonlocal loaded
        loaded += 1
        found = load(*given)
        if loaded == 1:
            world.change_task(run, owner=None)
        return found

    # when the task is shared again before the consumer writes
    monkeypatch.setattr(system, "load", late)
    system.move_run(world.table, world.tenant, run.task_id, run.id)
    monkeypatch.undo()
    # then the run is where the task is
    assert world.now(run).owner is None


@both_ways
def test_a_change_of_a_run_takes_it_to_its_task(world: World, was: str | None, becomes: str | None) -> None:
    run = offered(world, was)
    world.change_task(run, owner=becomes)
    world.change(run, stage="build")
    assert world.now(run).owner == becomes


# ---------------------------------------------------------------- who is told


@both_ways
def test_events_and_trail_follow_the_task(world: World, was: str | None, becomes: str | None) -> None:
    run = offered(world, was)
    stream = Stream(world.table, world.tenant)
    stream.settle()
    world.change_task(run, owner=becomes)
    stream.settle()
    stream.bus.taken.clear()
    # given a run that nobody has moved yet
    world.rewrite(run, status="in_progress", version=9, owner=was)
    stream.settle()
    (event,) = [json.loads(each["Detail"]) for each in stream.bus.taken]
    assert (event["type"], event["owner"]) == ("run.started", becomes)
    entries = [audit.from_item(row) for (pk, _), row in stream.scan().items() if pk.startswith("AUDIT#")]
    (entry,) = [each for each in entries if each.version == 9]
    assert entry.owner == becomes


def event_of(run: Run) -> dict[str, Any]:
    about = {"id": run.id, "taskId": run.task_id}
    detail = {"tenantId": run.tenant_id, "id": f"evt_{new_id()}", "type": "run.started", "time": clock.now()}
    detail |= {"sequence": 2, "owner": None, "run": about, "previousStatus": "queued", "actor": {}, "omitted": []}
    return {"detail": detail}


def test_an_event_that_was_shared_is_planned_for_nobody_once_its_task_is_personal(world: World, api: Api) -> None:
    assert api.post("/api/v1/webhooks", HOOK).status == 201
    run = offered(world)
    assert webhooks.dispatch(world.table, event_of(run), payload) == 1
    world.change_task(run, owner="user_ada")
    assert webhooks.dispatch(world.table, event_of(run), payload) == 0
    assert webhooks.dispatch(world.table, _of_task(run), payload) == 0
    world.change_task(run, owner=None)
    assert webhooks.dispatch(world.table, _of_task(run), payload) == 1


def _of_task(run: Run) -> dict[str, Any]:
    event = event_of(run)
    track = {"id": run.task_id, "createdAt": clock.now(), "updatedAt": clock.now()}
    event["detail"] |= {
        "requestId": "request",
        "type": "task.updated",
        "track": track,
        "changes": [{"field": "title"}],
        "previousStatus": None,
    }
    del event["detail"]["run"]
    return event


def test_a_delivery_that_waits_is_given_up_once_its_task_is_personal(
    world: World, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside, queue = Outside(monkeypatch), Queue()
    outside.answers = [503]
    made = api.post("/api/v1/webhooks", HOOK).json
    run = offered(world)
    webhooks.dispatch(world.table, event_of(run), payload)
    (record,) = [
        each["dynamodb"] for each in Stream(world.table, world.tenant).collect() if webhooks.due(each["dynamodb"])
    ]
    message = webhooks.due(record)
    assert webhooks.deliver(world.table, queue, Message(message, 1, "r")) is False
    world.change_task(run, owner="user_ada")
    assert webhooks.deliver(world.table, queue, Message(message, 2, "r")) is True
    assert len(outside.got) == 1
    (delivery,) = api.get(f"/api/v1/webhooks/{made['id']}/deliveries").json["items"]
    assert (delivery["status"], delivery["error"]) == ("failed", "The track is personal now.")


@pytest.mark.parametrize(("changes", "status"), [({"owner": "user_ada"}, 404), ({"title": "Other"}, 200)])
def test_an_open_stream_ends_once_its_task_is_personal(
    world: World, caller: Caller, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], status: int
) -> None:
    run = offered(world)
    path = f"/api/projects/-/tasks/{run.task_id}/runs/{run.id}/stream/"
    bob = caller("user_bob")
    place = bob.get(f"{path}?wait=0").text.partition("id: ")[2].partition("\n")[0]
    slept: list[float] = []

    def sleep(_seconds: float) -> None:
        if not slept:
            world.change_task(run, **changes)
            world.rewrite(run, stage="secret", version=9)
        slept.append(1)

    monkeypatch.setattr(run_stream.time, "sleep", sleep)
    answer = bob.get(f"{path}?wait=5", headers={"last-event-id": place})
    assert answer.status == status
    assert ("secret" in answer.text) is (status == 200)
    assert len(slept) == 1
