"""Many workers and one pool: over real HTTP, and counted on the emulator's DynamoDB."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from switchyard.domain import tracks
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.http.container import use_table
from switchyard.store import ready
from switchyard.store import tracks as track_rows
from switchyard.store.ready import Wanted
from switchyard.store.table import Table
from tests.support.http import Api
from tests.support.template import table_definition
from tests.support.tokens import issue

WORKERS, TASKS = 8, 500
ROUND_TRIPS_MAX = 2.5


class Pool:
    """A tenant with ready tasks and workers, in a table."""

    def __init__(self, table: Table, count: int) -> None:
        self.table = table
        self.tenant = new_id()
        ada = Actor(self.tenant, "user_ada", "user", frozenset(SCOPES), new_id())
        made = [tracks.create(ada, "seed", "task", f"Task {n}", status="todo") for n in range(count)]
        for start in range(0, count, 1_000):
            table.give(60_000)  # the time of one chunk, whatever the machine is at
            table.put_many([track_rows.to_item(each) for each in made[start : start + 1_000]])
        self.ids = {f"task_{each.id}" for each in made}

    def worker(self, number: int) -> str:
        """Return the token of one of the workers."""
        return issue(self.table, self.tenant, f"agent_{number}", kind="agent")


def drain(workers: list[Callable[[], tuple[int, Any]]]) -> list[str]:
    """Let all workers draw until nothing is left; returns the ids they got. Anything but 200 and 204 is an error."""
    start = threading.Barrier(len(workers))

    def draw_all(draw: Callable[[], tuple[int, Any]]) -> list[str]:
        start.wait()
        drawn = []
        while True:
            status, task = draw()
            assert status in (200, 204), task
            if status == 204:
                return drawn
            drawn.append(task["id"])

    with ThreadPoolExecutor(len(workers)) as threads:
        return [each for drawn in threads.map(draw_all, workers) for each in drawn]


def test_workers_over_http_drain_the_pool_and_each_task_is_drawn_once(stack: dict[str, Any], deployed: Table) -> None:
    pool = Pool(deployed, TASKS)

    def worker(number: int) -> Callable[[], tuple[int, Any]]:
        http = httpx.Client(base_url=stack["url"], timeout=30, trust_env=False)
        http.headers["authorization"] = f"Bearer {pool.worker(number)}"

        def draw() -> tuple[int, Any]:
            answer = http.post("/api/v1/tasks/claim", json={"leaseSeconds": 600})
            return answer.status_code, answer.json() if answer.content else None

        return draw

    drawn = drain([worker(number) for number in range(WORKERS)])
    assert Counter(drawn) == Counter(pool.ids)


def test_a_draw_takes_two_round_trips_and_seldom_a_third(database: Any) -> None:
    name = f"claims-{new_id()}"
    database.create_table(TableName=name, **table_definition())
    table = Table(name, database)
    pool = Pool(table, TASKS)
    use_table(table)
    apis = [Api(pool.worker(number), milliseconds=60_000) for number in range(WORKERS)]
    for api in apis:
        assert api.get("/api/v1/tasks/ready?limit=1").status == 200
    calls: Counter[str] = Counter()
    table.observe = lambda operation, _: calls.update([operation])
    ready.read_page(table, Actor(pool.tenant, "agent_0", "agent", frozenset(), ""), Wanted(), 16)
    side_by_side, calls["query"] = calls["query"], 0

    def worker(api: Api) -> Callable[[], tuple[int, Any]]:
        def draw() -> tuple[int, Any]:
            answer = api.post("/api/v1/tasks/claim")
            return answer.status, answer.json if answer.text else None

        return draw

    drawn = drain([worker(api) for api in apis])
    assert Counter(drawn) == Counter(pool.ids)
    assert calls["update_item"] == TASKS
    # The queries of one look run in parallel; each look but a worker's last is followed by one write.
    looks = calls["query"] / side_by_side
    trips = (looks + looks - WORKERS) / TASKS
    print(f"mean round trips per claim: {trips:.2f}")
    assert trips <= ROUND_TRIPS_MAX


def test_of_workers_who_claim_the_same_task_at_once_one_gets_it(stack: dict[str, Any], deployed: Table) -> None:
    pool = Pool(deployed, 5)
    secrets = [pool.worker(number) for number in range(WORKERS)]
    for task in sorted(pool.ids):
        start = threading.Barrier(WORKERS)

        def claim(secret: str, task: str = task, start: threading.Barrier = start) -> httpx.Response:
            headers = {"authorization": f"Bearer {secret}"}
            with httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False) as http:
                start.wait()
                return http.post(f"/api/v1/tasks/{task}/claim", json={"leaseSeconds": 60})

        with ThreadPoolExecutor(WORKERS) as threads:
            answers = list(threads.map(claim, secrets))
        assert sorted(each.status_code for each in answers) == [200] + [409] * (WORKERS - 1)
        (won,) = [each.json()["claim"] for each in answers if each.status_code == 200]
        assert won["fence"] == 1


@pytest.mark.parametrize("count", [1_000, 100_000])
def test_a_look_at_what_is_ready_reads_no_more_rows_in_a_larger_pool(database: Any, count: int) -> None:
    name = f"claims-{new_id()}"
    database.create_table(TableName=name, **table_definition())
    table = Table(name, database)
    pool = Pool(table, count)
    actor = Actor(pool.tenant, "agent_0", "agent", frozenset(), "")
    table.deadline = float("inf")
    ready.read_page(table, actor, Wanted(), 16)
    examined: list[int] = []
    table.observe = lambda _, answer: examined.append(answer["ScannedCount"])
    page = ready.read_page(table, actor, Wanted(), 16)
    assert len(page.items) == 16
    assert sum(examined) == 17
