"""Logs of runs under many writers, over real HTTP: nothing is lost, and who follows reads each line once."""

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from switchyard.domain import clock, tokens
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.ledger import runs
from switchyard.store import tokens as token_rows
from switchyard.store.table import Table
from switchyard.store.tokens import TokenRow
from tests.support.projects import a_run, a_task, a_tenant

WRITERS, APPENDS, ENTRIES = 6, 12, 3
LONG_AGO = "2026-01-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def deployed(aws: Any, database: Any) -> Table:
    """The table of the deployed stack."""
    outputs = aws("cloudformation").describe_stacks(StackName="switchyard")["Stacks"][0]["Outputs"]
    table = Table(next(each["OutputValue"] for each in outputs if each["OutputKey"] == "TableName"), database)
    table.give(600_000)
    return table


@pytest.fixture
def run(deployed: Table) -> Run:
    """A run at work outside the workflow, whose last sign of life is long ago."""
    (project,) = a_tenant(deployed, new_id(), "Docs")
    task = a_task(deployed, project)
    return a_run(deployed, task, status="in_progress", environment="local", heartbeat_at=LONG_AGO)


@pytest.fixture
def secret(deployed: Table, run: Run) -> str:
    made = tokens.new_token()
    actor = Actor(run.tenant_id, "user_ada", "user", frozenset(SCOPES), new_id())
    row = TokenRow(actor.token_id, tokens.digest(made), actor, clock.now(), None, None)
    deployed.put_many([token_rows.to_item(row)])
    return made


@pytest.fixture
def http(stack: dict[str, Any], run: Run, secret: str) -> Iterator[httpx.Client]:
    """A client of the run."""
    base = f"{stack['url']}/api/projects/@current/tasks/{run.task_id}/runs/{run.id}/"
    headers = {"authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=base, headers=headers, timeout=40, trust_env=False) as client:
        yield client


def write(http: httpx.Client) -> None:
    """Let all writers append, as fast as they can."""
    start = threading.Barrier(WRITERS)

    def append(writer: int) -> None:
        start.wait()
        for number in range(APPENDS):
            entries = [{"writer": writer, "n": ENTRIES * number + each} for each in range(ENTRIES)]
            answer = http.post("append_log/", json={"entries": entries})
            assert answer.status_code == 200, answer.text

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(append, range(WRITERS)))


def assert_complete(entries: list[Any]) -> None:
    """Each line of each writer once, and each writer's in the order in which it wrote them."""
    assert Counter(map(json.dumps, entries)).most_common(1)[0][1] == 1
    for writer in range(WRITERS):
        assert [each["n"] for each in entries if each["writer"] == writer] == list(range(APPENDS * ENTRIES))


def events(text: str) -> list[dict[str, str]]:
    """Read an answer as an EventSource does; what comes after its last empty line has not come."""
    *blocks, _ = text.split("\n\n")
    return [
        dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks if not block.startswith("retry")
    ]


def follow(http: httpx.Client, broken: random.Random | None = None) -> list[Any]:
    """Follow the run to its end; returns the log's entries as they came. `broken` cuts answers off somewhere."""
    place, found = None, []
    for _ in range(200):
        answer = http.get("stream/?wait=5", headers={"last-event-id": place} if place else {})
        if answer.status_code == 204:
            return found
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/event-stream"
        text = answer.text[: broken.randint(0, len(answer.text))] if broken and broken.random() < 0.6 else answer.text
        for event in events(text):
            place = event["id"]
            data = json.loads(event["data"])
            if "writer" in data:
                found.append(data)
    raise AssertionError("the stream does not end")


def test_appends_from_many_threads_lose_nothing(http: httpx.Client, deployed: Table, run: Run) -> None:
    write(http)
    answer = http.get("logs")
    assert answer.headers["content-type"] == "application/jsonl"
    assert_complete([json.loads(line) for line in answer.text.splitlines()])
    assert http.get("session_logs/?limit=1").headers["x-total-count"] == str(WRITERS * APPENDS * ENTRIES)
    _, after = runs.load(deployed, run.tenant_id, run.task_id, run.id)
    assert after
    assert (after.heartbeat_at or "") > run.created_at
    assert after.version == run.version


def test_who_follows_a_log_that_is_being_written_reads_each_line_once(
    http: httpx.Client, deployed: Table, run: Run
) -> None:
    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(follow, http)]
        readers += [threads.submit(follow, http, random.Random(seed)) for seed in (1, 2, 3)]
        write(http)
        runs.settle(
            deployed, runs.system(run.tenant_id), new_id(), run.task_id, run.id, lambda _: {"status": "completed"}
        )
        read = [each.result() for each in readers]
    log = [json.loads(line) for line in http.get("logs").text.splitlines()]
    assert_complete(log)
    assert read == [log] * len(readers)
