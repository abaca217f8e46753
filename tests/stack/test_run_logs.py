"""Logs of runs under many writers, over real HTTP: nothing is lost, and who follows reads each line once."""

import json
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from switchyard.domain.actors import service_actor
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.http.container import use_table
from switchyard.ledger import system
from switchyard.store import run_logs
from switchyard.store.table import Item, Table
from tests.support.http import Api
from tests.support.projects import a_run, a_task, a_tenant
from tests.support.template import table_definition
from tests.support.tokens import issue

WRITERS, APPENDS, ENTRIES = 6, 12, 3
LONG_AGO = "2026-01-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def deployed(deployed: Table) -> Table:
    """The table of the deployed stack, with time for all tests."""
    deployed.give(600_000)
    return deployed


@pytest.fixture
def run(deployed: Table) -> Run:
    """A run at work outside the workflow, whose last heartbeat is long ago."""
    (project,) = a_tenant(deployed, new_id(), "Docs")
    task = a_task(deployed, project)
    return a_run(deployed, task, status="in_progress", environment="local", heartbeat_at=LONG_AGO)


@pytest.fixture
def secret(deployed: Table, run: Run) -> str:
    return issue(deployed, run.tenant_id)


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
    _, after = system.load(deployed, run.tenant_id, run.task_id, run.id)
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
        system.change_run(
            deployed, service_actor(run.tenant_id), new_id(), run.task_id, run.id, lambda _: {"status": "completed"}
        )
        read = [each.result() for each in readers]
    log = [json.loads(line) for line in http.get("logs").text.splitlines()]
    assert_complete(log)
    assert read == [log] * len(readers)


class Slow(Table):
    """A table whose writes take their time on the way: one that set out earlier may arrive later."""

    def write(self, actions: Sequence[Item], until: float = math.inf) -> None:
        time.sleep(random.uniform(0, 0.9))
        super().write(actions, until)


def test_lines_that_overtake_each_other_are_followed_without_a_loss(database: Any) -> None:
    name = f"logs-{new_id()}"
    database.create_table(TableName=name, **table_definition())
    table = Slow(name, database)
    (project,) = a_tenant(table, new_id(), "Docs")
    task = a_task(table, project)
    run = a_run(table, task, status="in_progress", environment="local")
    use_table(table)
    path = f"/api/projects/@current/tasks/{task.id}/runs/{run.id}"
    secret = issue(table, run.tenant_id)
    overtaken, newest = [], [""]

    def append(number: int) -> None:
        answer = Api(secret, milliseconds=60_000).post(f"{path}/append_log/", {"entries": [{"n": number}]})
        assert answer.status == 200
        last = run_logs.newest(table, run.tenant_id, run.id) or ""
        overtaken.append(last == newest[0])
        newest[0] = last

    def read() -> list[int]:
        place, found = "", list[int]()
        while len(found) < WRITERS * APPENDS:
            headers = {"last-event-id": place} if place else {}
            answer = Api(secret, milliseconds=60_000).get(f"{path}/stream/?wait=5", headers=headers)
            told = events(answer.text)
            assert told[-1].get("event") != "keepalive", f"{len(found)} lines came, then no more"
            place = told[-1]["id"]
            found += [data["n"] for data in (json.loads(each["data"]) for each in told) if "n" in data]
        return found

    with ThreadPoolExecutor(WRITERS + 1) as threads:
        reader = threads.submit(read)
        list(threads.map(append, range(WRITERS * APPENDS)))
        assert sorted(reader.result()) == list(range(WRITERS * APPENDS))
    assert any(overtaken)


def test_a_large_log_is_served_by_s3(http: httpx.Client, deployed: Table, run: Run) -> None:
    """Written in two parts, and read by a client that follows the answer."""
    line = json.dumps({"text": "ä" * 30_000}, ensure_ascii=False)
    for _ in range(44):
        append = run_logs.Append(new_id(), [line] * 5)
        deployed.write([run_logs.put(run.tenant_id, run.id, append)])
    answer = http.get("logs")
    assert (answer.status_code, answer.content) == (303, b"")
    served = http.get("logs", follow_redirects=True)
    assert (served.status_code, served.headers["content-type"]) == (200, "application/jsonl")
    assert served.content == f"{line}\n".encode() * 220
    assert len(served.content) > 12_000_000


def test_the_log_is_read_by_its_address_without_a_token(http: httpx.Client) -> None:
    http.post("append_log", json={"entries": [{"type": "note", "n": 1}]}).raise_for_status()
    address = http.get("").json()["log_url"]
    with httpx.Client(timeout=40, trust_env=False) as nobody:
        answer = nobody.get(address)
        assert (answer.status_code, answer.text) == (200, '{"type":"note","n":1}\n')
        assert nobody.get(f"{address[:-1]}{'A' if address[-1] != 'A' else 'B'}").status_code == 404
