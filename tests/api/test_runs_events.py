"""What a run tells the world: its domain events, the webhooks that carry them, and the trail of its task."""

import json
from typing import Any

import pytest

from switchyard.domain import clock
from switchyard.domain.runs import Run
from switchyard.pipeline import webhooks
from switchyard.store import audit
from switchyard.store.table import Table
from switchyard.surfaces.pool.payloads import payload
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.runs import Runs
from tests.support.stream import Stream


@pytest.fixture
def offered(ledger: Runs, stream: Stream) -> Run:
    run = ledger.run(dispatched_at=clock.now(), dispatches=1)
    stream.settle()
    stream.bus.taken.clear()
    return run


def told(stream: Stream) -> list[dict[str, Any]]:
    """The details of the events of runs since the last call."""
    stream.settle()
    details = [json.loads(each["Detail"]) for each in stream.bus.taken]
    stream.bus.taken.clear()
    return [each for each in details if each["type"].startswith("run.")]


def types(stream: Stream) -> list[str]:
    return [each["type"] for each in told(stream)]


def trail(stream: Stream, run: Run) -> list[audit.Entry]:
    rows = [row for (pk, _), row in sorted(stream.scan().items()) if pk == f"AUDIT#{run.tenant_id}#{run.task_id}"]
    return [entry for row in rows if (entry := audit.from_item(row)).action == "run_status_changed"]


def test_each_stage_of_a_run_is_published_once(ledger: Runs, stream: Stream) -> None:
    run = ledger.run()
    assert types(stream) == ["run.queued"]
    ledger.rewrite(run, dispatches=1, dispatched_at=clock.now(), version=2)
    assert types(stream) == ["run.dispatched"]
    ledger.claim(run)
    assert types(stream) == ["run.started"]
    ledger.beat(run)
    assert types(stream) == []
    ledger.give_back(run)
    assert types(stream) == ["run.dispatched"]
    ledger.claim(run)
    ledger.finish(run, "completed")
    assert types(stream) == ["run.completed"]


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_the_end_of_a_run_is_published_by_its_status(ledger: Runs, stream: Stream, offered: Run, status: str) -> None:
    ledger.change(offered, status=status, output={"pages": 3})
    (event,) = told(stream)
    assert event["type"] == f"run.{status}"
    assert event["previousStatus"] == "queued"
    assert event["run"]["output"] == {"pages": 3}
    assert event["run"]["taskId"] == offered.task_id
    assert event["sequence"] == event["run"]["version"] == 2


def test_a_run_that_is_not_queued_yet_is_published_when_it_is(ledger: Runs, stream: Stream) -> None:
    run = ledger.run(status="not_started")
    assert types(stream) == []
    ledger.change(run, status="queued")
    assert types(stream) == ["run.queued"]


def test_a_run_that_comes_back_to_the_workflow_is_queued_again(ledger: Runs, stream: Stream, offered: Run) -> None:
    ledger.claim(offered)
    ledger.change(offered, environment="local")
    assert types(stream) == ["run.started"]
    ledger.resume(offered)
    assert types(stream) == ["run.queued"]


def test_a_change_that_means_nothing_to_others_is_not_published(ledger: Runs, stream: Stream, offered: Run) -> None:
    ledger.change(offered, stage="testing")
    assert types(stream) == []
    assert [each.new_status for each in trail(stream, offered)] == ["queued"]


def test_inputs_of_a_run_are_not_published_and_large_outputs_are_left_out(
    ledger: Runs, stream: Stream, offered: Run
) -> None:
    ledger.change(offered, status="completed", output="x" * 20_000, state={"pending_user_message": "secret plan"})
    (event,) = told(stream)
    assert "secret plan" not in json.dumps(event)
    assert event["omitted"] == ["output"]


def test_the_trail_of_the_task_has_each_status_of_its_run_and_who_set_it(
    ledger: Runs, stream: Stream, offered: Run
) -> None:
    ledger.claim(offered)
    stream.settle()
    ledger.finish(offered, "failed")
    stream.settle()
    found = trail(stream, offered)
    assert [(each.previous_status, each.new_status, each.actor_id) for each in found] == [
        (None, "queued", "user_ada"),
        ("queued", "in_progress", "agent_bo"),
        ("in_progress", "failed", "agent_bo"),
    ]
    assert {(each.related_type, each.related_id, each.track_id) for each in found} == {
        ("run", offered.id, offered.task_id)
    }


def test_the_audit_surface_shows_runs(api: Api, ledger: Runs, stream: Stream, offered: Run) -> None:
    ledger.rewrite(offered, status="failed", version=2, changed_source="workflow")
    stream.settle()
    items = api.get(f"/v1/audit?track={offered.task_id}").json["items"]
    found = [each for each in items if each["action"] == "run_status_changed"]
    assert [each["newStatus"] for each in found] == ["failed", "queued"]
    assert found[0]["actor"]["source"] == "workflow"
    assert found[0]["relatedResource"] == {"type": "run", "id": offered.id}


def test_a_run_of_a_personal_task_is_its_owners_alone(ledger: Runs, stream: Stream) -> None:
    run = ledger.run(ledger.task(owner="user_ada"))
    (event,) = told(stream)
    assert event["owner"] == "user_ada"
    assert {each.owner for each in trail(stream, run)} == {"user_ada"}


@pytest.mark.parametrize("wanted", ["run.dispatched", "run.*"])
def test_webhooks_receive_events_of_runs(
    api: Api, ledger: Runs, stream: Stream, table: Table, caller: Caller, wanted: str
) -> None:
    made = api.post("/api/v1/webhooks", {"url": "https://agents.example.com/in", "events": [wanted]})
    assert made.status == 201, made.text
    run = ledger.run()
    told(stream)
    ledger.rewrite(run, dispatches=1, dispatched_at=clock.now(), version=2)
    (event,) = told(stream)
    assert webhooks.dispatch(table, {"detail": event}, payload) == 1
    path = f"/api/v1/webhooks/{made.json['id']}/deliveries"
    assert [each["event"] for each in api.get(path).json["items"]] == ["run.dispatched"]
    shown = payload(event)
    assert shown["data"]["run"]["id"] == run.id
    assert shown["data"].keys() == {"run", "previousStatus", "actor", "omitted"}
