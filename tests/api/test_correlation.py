"""One id joins the log lines of all functions that work on one thing, and goes out with webhooks."""

import json
from typing import Any

import pytest

from switchyard.aws.executions import Executions
from switchyard.aws.telemetry import logger
from switchyard.pipeline import consumer
from switchyard.store.table import Table
from tests.api.test_pool_webhooks import Outside, Queue, attempt, event, make
from tests.support.http import Api, Context
from tests.support.projects import a_run, a_task, a_tenant
from tests.support.states import MACHINE, StatesClient
from tests.support.stream import Letters, Stream, consume, handler, message


class Log:
    """The lines that functions print, without their metrics."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def take(self) -> list[dict[str, Any]]:
        """The lines since the last time."""
        lines = [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]
        return [line for line in lines if "_aws" not in line]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Log:
    monkeypatch.setattr(logger, "level", 0)
    return Log(capsys)


def test_all_functions_of_a_run_log_its_id(api: Api, table: Table, tenant: str, log: Log) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    task = a_task(table, project)
    stream = Stream(table, tenant)
    stream.settle()
    log.take()
    base = f"/api/projects/{project.number}/tasks/{task.id}"
    started = api.post(f"{base}/run", {})
    assert started.status == 200, started.text
    (made,) = api.get(f"{base}/runs").json["results"]
    log.take()
    assert api.get(f"{base}/runs/{made['id']}").status == 200
    assert api.patch(f"{base}/runs/{made['id']}", {"branch": "main"}).status == 200
    assert api.get(f"{base}/runs/{made['id']}/logs").status == 200
    records = stream.collect()
    stream.deliver([each for each in records if each["dynamodb"]["Keys"]["sk"]["S"].startswith("RUN#")])
    found = log.take()
    assert [each.get("operation", each["message"]) for each in found] == [
        "projects.get_run",
        "projects.update_run",
        "projects.get_logs",
        "run changed",
        "pipeline.project_changes",
    ]
    assert {each["correlation_id"] for each in found} == {made["id"]}


def test_the_request_that_makes_a_run_logs_the_runs_id(api: Api, table: Table, tenant: str, log: Log) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    task = a_task(table, project)
    log.take()
    answer = api.post(f"/api/projects/{project.number}/tasks/{task.id}/run", {}).json
    (line,) = log.take()
    assert line["correlation_id"] == answer["latest_run"]["id"]


def test_another_request_logs_its_own_id_and_so_does_what_follows_from_it(
    api: Api, table: Table, tenant: str, log: Log
) -> None:
    stream = Stream(table, tenant)
    made = api.post("/v1/tracks", {"type": "task", "title": "A task", "scope": {"type": "personal"}})
    stream.deliver(stream.collect())
    request, follows = log.take()
    assert request["correlation_id"] == request["request_id"] == made.headers["x-request-id"]
    assert follows["correlation_id"] == request["request_id"]


def test_what_a_queue_carries_keeps_the_id(table: Table, tenant: str, log: Log) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    run = a_run(table, a_task(table, project))
    signals, records = Letters(), Stream(table, tenant).collect()
    run_records = [each for each in records if each["dynamodb"]["Keys"]["sk"]["S"].startswith("RUN#")]
    consume("pipeline.enqueue_deliveries", run_records, queue_signals=signals)
    states = StatesClient()
    log.take()
    taken = [message(each) for each in signals.sent]
    consume("pipeline.signal_runs", taken, table=table, executions_runs=Executions(MACHINE, states))
    (line,) = log.take()
    assert (line["correlation_id"], list(states.executions)) == (run.id, [run.id])


def test_webhooks_carry_the_id(api: Api, table: Table, tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = Outside(monkeypatch)
    webhook = make(api)
    told = event(tenant)
    consumer.use(table=table)
    handler("pipeline.dispatch_webhooks")(told, Context())
    consumer.use()
    assert attempt(table, Queue(), tenant, webhook)
    ((_, headers, _),) = outside.got
    assert headers["x-correlation-id"] == told["detail"]["requestId"]
