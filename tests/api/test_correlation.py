"""One id joins the log lines of all functions that work on one thing, and goes out with webhooks."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from switchyard.aws.executions import Executions
from switchyard.http.log import logger
from switchyard.pipeline import consumer
from switchyard.store.table import Table
from tests.api.test_pool_webhooks import Outside, Queue, attempt, event, make
from tests.support.http import Api, Context
from tests.support.projects import a_run, a_task, a_tenant
from tests.support.states import MACHINE, StatesClient
from tests.support.stream import Letters, Stream, consume, handler, message


class Log(logging.Handler):
    """The lines that functions write, as they are read by CloudWatch."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logger.registered_formatter)
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def log() -> Iterator[Log]:
    handler, inner = Log(), logging.getLogger("switchyard")
    level = inner.level
    inner.addHandler(handler)
    inner.setLevel(logging.INFO)
    yield handler
    inner.removeHandler(handler)
    inner.setLevel(level)


def test_all_functions_of_a_run_log_its_id(api: Api, table: Table, tenant: str, log: Log) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    task = a_task(table, project)
    stream = Stream(table, tenant)
    stream.settle()
    log.lines.clear()
    base = f"/api/projects/{project.number}/tasks/{task.id}"
    started = api.post(f"{base}/run", {})
    assert started.status == 200, started.text
    (made,) = api.get(f"{base}/runs").json["results"]
    log.lines.clear()
    assert api.get(f"{base}/runs/{made['id']}").status == 200
    assert api.patch(f"{base}/runs/{made['id']}", {"branch": "main"}).status == 200
    assert api.get(f"{base}/runs/{made['id']}/logs").status == 200
    records = stream.collect()
    stream.deliver([each for each in records if each["dynamodb"]["Keys"]["sk"]["S"].startswith("RUN#")])
    found = log.lines
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
    log.lines.clear()
    answer = api.post(f"/api/projects/{project.number}/tasks/{task.id}/run", {}).json
    (line,) = log.lines
    assert line["correlation_id"] == answer["latest_run"]["id"]


def test_another_request_logs_its_own_id_and_so_does_what_follows_from_it(
    api: Api, table: Table, tenant: str, log: Log
) -> None:
    stream = Stream(table, tenant)
    made = api.post("/v1/tracks", {"type": "task", "title": "A task", "scope": {"type": "personal"}})
    stream.deliver(stream.collect())
    request, follows = log.lines
    assert request["correlation_id"] == request["request_id"] == made.headers["x-request-id"]
    assert follows["correlation_id"] == request["request_id"]


def test_what_a_queue_carries_keeps_the_id(table: Table, tenant: str, log: Log) -> None:
    (project,) = a_tenant(table, tenant, "Docs")
    run = a_run(table, a_task(table, project))
    signals, records = Letters(), Stream(table, tenant).collect()
    run_records = [each for each in records if each["dynamodb"]["Keys"]["sk"]["S"].startswith("RUN#")]
    consume("pipeline.enqueue_deliveries", run_records, queue_signals=signals)
    states = StatesClient()
    log.lines.clear()
    taken = [message(each) for each in signals.sent]
    consume("pipeline.signal_runs", taken, table=table, executions_runs=Executions(MACHINE, states))
    (line,) = log.lines
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
