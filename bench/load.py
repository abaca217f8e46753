"""`python -m bench load`: requests a second, p50 and p99 of the local stack over HTTP, with 1, 8 and 32 clients.

Each round lasts a fixed time, so a whole run is bounded. The handlers' own time is shown separately: the rest of a
request's time is spent in the emulator's front, its queues and this client.
"""

import argparse
import http.client
import itertools
import json
import math
import os
import shutil
import statistics
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import page, processors
from bench.cycle import PARALLEL, cycles_a_second
from local import process, run
from local.stack import choose, folder_of

OPERATIONS = ("create", "get", "list", "claim")
LIST_ROWS = 50
DRAIN_SECONDS = 600
#: Tasks made for a round of requests by id; of those that are claimed, so many for each second.
PREPARED, CLAIMED_A_SECOND = 500, 400
HEADER = (
    "| rows | operation | clients | requests/s | p50 ms | p99 ms | in handler ms | outside ms | processor ms |\n"
    + "|---" * 9
    + "|"
)
#: Requests a second of what people run on machines of their own, measured on this one (two processors): at 1 client,
#: and where it was more, at 8.
PEERS = {
    "create": "Redmine 11, Roundup 62-97, Directus 62-76",
    "get": "Redmine 34, Roundup 88-219, Directus 129-155",
    "list": "Redmine 8, Roundup 36-55, Directus 111-124",
}


@dataclass(frozen=True)
class Row:
    """What one operation came to with a number of clients; times in milliseconds.

    `processor` is what a request takes of all processors: of the local stack, its functions, and this client.
    """

    operation: str
    clients: int
    per_second: float
    p50: float
    p99: float
    handler: float
    outside: float
    processor: float

    def cells(self) -> str:
        """The row of the printed table."""
        times = " | ".join(f"{each:.1f}" for each in (self.p50, self.p99, self.handler, self.outside, self.processor))
        return f"| {self.operation} | {self.clients} | {self.per_second:.0f} | {times} |"


def main(arguments: list[str]) -> int:
    """Load a stack of this run alone, or one that is up; print a table."""
    parser = argparse.ArgumentParser(prog="bench load", description=__doc__)
    parser.add_argument("--stack", type=Path, help="the stack.json of a running stack; without it one is started")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--operations", nargs="+", choices=OPERATIONS, default=list(OPERATIONS))
    parser.add_argument("--rows", type=int, nargs="+", default=[0, 30_000], help="tasks to fill in before the rounds")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args(arguments)
    lines = [HEADER]
    with loaded_stack(options.stack) as record:
        for rows in options.rows:
            fill(record, rows)
            for operation, clients in itertools.product(options.operations, options.clients):
                row = f"| {rows:,} {measure(record, operation, clients, options.seconds).cells()}"
                print(row, flush=True)
                lines.append(row)
        cycle = f"{cycles_a_second(record):.1f} cycles a second of claim, run and complete, {PARALLEL} at a time."
    lines += ["", f"The reference worker, on the last of these tables: {cycle}", "", "Others, requests a second:", ""]
    lines += [f"- {operation}: {peers}" for operation, peers in PEERS.items()]
    print("\n".join(lines))
    if options.write:
        page.write("load", "\n".join(lines))
    return 0


@contextmanager
def loaded_stack(given: Path | None) -> Iterator[dict[str, Any]]:
    """The stack.json of a stack that keeps its data, as people's does."""
    if given:
        yield _with_pid(json.loads(given.read_text(encoding="utf-8")), given.parent)
        return
    name = f"load-{os.getpid()}"
    try:
        yield _with_pid(run.start(choose(name)), folder_of(name))
    finally:
        process.stop(name)
        shutil.rmtree(folder_of(name), ignore_errors=True)


def _with_pid(record: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The record, with the number of the stack's process."""
    return record | {"pid": json.loads((folder / "process.json").read_text(encoding="utf-8"))["pid"]}


def measure(record: dict[str, Any], operation: str, clients: int, seconds: float) -> Row:
    """One round, after a short one that starts the functions' processes."""
    wanted = {"get": PREPARED, "claim": math.ceil(CLAIMED_A_SECOND * (seconds + 1))}
    made = put(record, wanted.get(operation, 0))
    # A task is got again and again, but claimed once.
    ids = itertools.cycle(made) if operation == "get" else iter(made)
    drain(record)
    lock = threading.Lock()

    def next_id() -> str:
        with lock:
            return next(ids)

    send(record, operation, clients, min(1.0, seconds), next_id)
    before = figures(record)["invocations"]
    started, used = time.perf_counter(), processors.used(record["pid"]) + time.process_time()
    latencies = send(record, operation, clients, seconds, next_id)
    elapsed = time.perf_counter() - started
    used = processors.used(record["pid"]) + time.process_time() - used
    count, spent = (
        now - then
        for now, then in zip(totals(figures(record)["invocations"], operation), totals(before, operation), strict=True)
    )
    handler = 1000 * spent / max(count, 1)
    latencies.sort()
    return Row(
        operation,
        clients,
        len(latencies) / elapsed,
        latencies[len(latencies) // 2],
        latencies[int(len(latencies) * 0.99)],
        handler,
        statistics.fmean(latencies) - handler,
        1000 * used / len(latencies),
    )


def send(
    record: dict[str, Any], operation: str, clients: int, seconds: float, next_id: Callable[[], str]
) -> list[float]:
    """Have each client send requests until the time is over; the milliseconds of each."""
    taken: list[float] = []
    failures: list[str] = []
    end = time.perf_counter() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(record["url"]).netloc, timeout=60)
        try:
            while time.perf_counter() < end and not failures:
                method, path, body, wanted = request(operation, next_id)
                started = time.perf_counter()
                connection.request(method, path, body, headers(record))
                answer = connection.getresponse()
                content = answer.read()
                taken.append(1000 * (time.perf_counter() - started))
                if answer.status != wanted:
                    failures.append(f"{method} {path} answered {answer.status}: {content[:300]!r}")
        except StopIteration:
            failures.append(f"{operation}: more requests than there are tasks prepared")
        finally:
            connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if failures:
        raise SystemExit(failures[0])
    return taken


def request(operation: str, next_id: Callable[[], str]) -> tuple[str, str, bytes | None, int]:
    """Method, path, body and the status of a good answer."""
    if operation == "create":
        return "POST", "/api/v1/tasks", b'{"title":"Load","description":"A task of the load"}', 201
    if operation == "list":
        return "GET", f"/api/v1/tasks?limit={LIST_ROWS}", None, 200
    if operation == "get":
        return "GET", f"/api/v1/tasks/task_{next_id()}", None, 200
    return "POST", f"/api/v1/tasks/task_{next_id()}/claim", b'{"leaseSeconds":3600}', 200


def headers(record: dict[str, Any]) -> dict[str, str]:
    """The headers of each request."""
    return {"Authorization": f"Bearer {record['tokens']['admin']}", "Content-Type": "application/json"}


FUNCTIONS = {"create": "PoolCreateTask", "get": "PoolGetTask", "list": "PoolListTasks", "claim": "PoolClaimTask"}


def totals(invocations: dict[str, list[float]], operation: str) -> tuple[float, float]:
    """How often the operation's function ran, and for how many seconds."""
    found = [each for name, each in invocations.items() if FUNCTIONS[operation].lower() in name.lower()]
    return sum(each[0] for each in found), sum(each[1] for each in found)


def figures(record: dict[str, Any]) -> dict[str, Any]:
    """What the emulator counts."""
    with urllib.request.urlopen(record["aws"]["endpoint_url"] + "/_switchyard/figures", timeout=60) as answer:
        return dict(json.load(answer))


def fill(record: dict[str, Any], count: int) -> None:
    """Write ready tasks past the API, and wait until the pipeline has seen them."""
    put(record, count)
    drain(record)


def drain(record: dict[str, Any]) -> None:
    """Wait until no stream record is unread."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while figures(record)["unread"]:
        if time.monotonic() > deadline:
            raise SystemExit(f"the pipeline is still behind after {DRAIN_SECONDS} s")
        time.sleep(0.2)


def put(record: dict[str, Any], count: int) -> list[str]:
    """Write that many ready tasks into the tenant's pool; their ids."""
    if not count:
        return []
    import boto3

    from switchyard.domain import tracks
    from switchyard.domain.actors import SCOPES, Actor
    from switchyard.domain.ids import new_id
    from switchyard.store import tracks as track_rows
    from switchyard.store.table import Table

    outputs = boto3.client("cloudformation", **record["aws"]).describe_stacks(StackName="switchyard")["Stacks"][0]
    name = next(each["OutputValue"] for each in outputs["Outputs"] if each["OutputKey"] == "TableName")
    table = Table(name, boto3.client("dynamodb", **record["aws"]))
    actor = Actor(record["workspace_id"], "user_admin", "user", frozenset(SCOPES), new_id())
    made = [tracks.create(actor, "seed", "task", f"Task {n}", status="todo") for n in range(count)]
    for start in range(0, count, 1_000):
        table.give(60_000)
        table.put_many([track_rows.to_item(each) for each in made[start : start + 1_000]])
    return [each.id for each in made]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
