"""Many agents and the runs that wait for one: each run goes to one of them, at a bounded cost."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from switchyard.domain import clock, runs, tracks
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.domain.structs import replace
from switchyard.http.container import use_table
from switchyard.store import runs as run_rows
from switchyard.store import tracks as track_rows
from switchyard.store.table import Table
from tests.support.http import Api
from tests.support.template import table_definition
from tests.support.tokens import issue

WORKERS, RUNS = 8, 200
ROUND_TRIPS_MAX = 4.5


class Yard:
    """A tenant with runs that are offered to any agent, in a table of its own."""

    def __init__(self, database: Any, count: int) -> None:
        name = f"run-claims-{new_id()}"
        database.create_table(TableName=name, **table_definition())
        self.table = Table(name, database)
        self.tenant = new_id()
        ada = Actor(self.tenant, "user_ada", "user", frozenset(SCOPES), new_id())
        items, self.ids = [], []
        for number in range(count):
            task = tracks.create(ada, "seed", "task", f"Task {number}", status="todo")
            run = runs.create(ada, "seed", task, dispatched_at=clock.now())
            items += [
                track_rows.to_item(replace(task, latest_run_id=run.id, latest_run_status=run.status)),
                run_rows.to_item(run),
            ]
            self.ids.append(run.id)
        self.table.deadline = float("inf")
        for start in range(0, len(items), 1_000):
            self.table.put_many(items[start : start + 1_000])

    def agent(self, number: int) -> Api:
        return Api(issue(self.table, self.tenant, f"agent_{number}", kind="agent"), milliseconds=60_000)


def test_agents_who_claim_at_once_get_each_run_once_in_about_three_round_trips(database: Any) -> None:
    yard = Yard(database, RUNS)
    use_table(yard.table)
    apis = [yard.agent(number) for number in range(WORKERS)]
    for api in apis:
        assert api.post(f"/v1/runs/{new_id()}/{new_id()}/release").status == 404
    calls: Counter[str] = Counter()
    yard.table.observe = lambda operation, _: calls.update([operation])
    start = threading.Barrier(WORKERS)

    def drain(api: Api) -> list[tuple[str, int]]:
        start.wait()
        drawn = []
        while True:
            answer = api.post("/v1/runs/claim", {"lease_seconds": 600})
            assert answer.status in (200, 204), answer.text
            if answer.status == 204:
                return drawn
            drawn.append((answer.json["run"]["id"], answer.json["fence"]))

    with ThreadPoolExecutor(WORKERS) as threads:
        drawn = [each for some in threads.map(drain, apis) for each in some]
    use_table(None)
    assert Counter(drawn) == Counter((each, 1) for each in yard.ids)
    # The 8 queries of one look run in parallel.
    looks = calls["query"] / 8
    trips = (looks + calls["batch_get_item"] + calls["transact_write_items"] - WORKERS) / RUNS
    print(f"mean round trips per claim: {trips:.2f}")
    assert trips <= ROUND_TRIPS_MAX


@pytest.mark.parametrize("count", [100, 5_000])
def test_a_claim_reads_no_more_rows_where_more_runs_wait(database: Any, count: int) -> None:
    yard = Yard(database, count)
    use_table(yard.table)
    api = yard.agent(0)
    assert api.post("/v1/runs/claim").status == 200
    examined: list[int] = []
    yard.table.observe = lambda operation, answer: examined.append(answer.get("ScannedCount", 0))
    assert api.post("/v1/runs/claim").status == 200
    use_table(None)
    assert sum(examined) == 5


def test_of_agents_who_wait_one_gets_the_run_that_comes(stack: dict[str, Any], deployed: Table) -> None:
    """On the deployed service: each claim waits in an invocation of its own."""
    tenant = new_id()
    secrets = [issue(deployed, tenant, f"agent_{number}", kind="agent") for number in range(3)]

    def claim(secret: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=stack["url"], headers=headers, timeout=40, trust_env=False) as http:
            return http.post("/v1/runs/claim", json={"wait_seconds": 8})

    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(claim, secret) for secret in secrets]
        ada = Actor(tenant, "user_ada", "user", frozenset(SCOPES), new_id())
        task = tracks.create(ada, "seed", "task", "Come", status="todo")
        run = runs.create(ada, "seed", task, dispatched_at=clock.now())
        made = replace(task, latest_run_id=run.id, latest_run_status=run.status)
        deployed.put_many([track_rows.to_item(made), run_rows.to_item(run)])
        answers = [each.result() for each in waiting]
    assert sorted(each.status_code for each in answers) == [200, 204, 204]
    (won,) = [each.json() for each in answers if each.status_code == 200]
    assert (won["run"]["id"], won["fence"]) == (run.id, 1)
    assert won["url"].startswith(stack["url"])
