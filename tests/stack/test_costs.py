"""What each access pattern costs: round trips counted, rows read counted, on the emulator's DynamoDB.

The emulator reports a flat capacity for any query, so what DynamoDB would charge is derived from what it would
charge for: the rows a query examined and their size.
"""

import math
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Any

import pytest

from switchyard.domain import clock, tracks
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.http.container import use_table
from switchyard.store import staged
from switchyard.store import tracks as track_rows
from switchyard.store.table import Table
from tests.support import units
from tests.support.http import Api
from tests.support.projects import a_run, a_task, a_tenant
from tests.support.template import table_definition
from tests.support.tokens import issue

SMALL, LARGE = 1_000, 100_000


class Meter:
    """Counts the calls that a request makes, and the units its queries would be charged."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.rows = 0
        self.units = 0.0
        #: Units of what was asked for by keys, where each row counts by itself, also in a batch.
        self.read = 0.0

    def __call__(self, operation: str, answer: Any) -> None:
        self.calls.append(operation)
        if operation in ("get_item", "batch_get_item"):
            (found,) = answer["Responses"].values() if operation == "batch_get_item" else [[answer.get("Item")]]
            self.read += sum(units.read([units.size(row)], consistent=True) for row in found)
        if operation == "query":
            self.rows += answer["ScannedCount"]
            sizes = [_size(item) for item in answer["Items"]]
            average = sum(sizes) / len(sizes) if sizes else 1_000
            self.units += max(1, math.ceil(answer["ScannedCount"] * average / 4_096)) * 0.5


def _size(item: dict[str, Any]) -> int:
    return sum(len(name) + len(str(value)) for name, value in item.items())


class Service:
    """The handlers in this process over one table of the emulator, and a meter."""

    def __init__(self, client: Any) -> None:
        name = f"costs-{new_id()}"
        client.create_table(TableName=name, **table_definition())
        self.table = Table(name, client)
        self.tenant = new_id()
        self.actor = Actor(self.tenant, "user_ada", "user", frozenset(SCOPES), new_id())
        # The emulator builds an index on its first query: give it time.
        self.api = Api(issue(self.table, self.tenant), milliseconds=60_000)

    def measured(self, call: Callable[[Api], Any], status: int = 200, *, warm: bool = True) -> Meter:
        """Make one request with a warm token cache, or in a container that remembers nothing."""
        use_table(self.table)
        if warm:
            self.api.get("/v1/tracks?limit=1&scope=projects")
        meter = self.table.observe = Meter()
        answer = call(self.api)
        self.table.observe = None
        assert answer.status == status, answer.text
        return meter

    def made(self, **fields: Any) -> tracks.Track:
        """Return a task of the tenant, not yet stored."""
        return tracks.create(self.actor, "seed", "task", "Seeded", **{"project_ids": ("p",), **fields})

    def store(self, made: Iterator[tracks.Track]) -> None:
        while chunk := list(islice(made, 1_000)):
            self.table.give(60_000)  # the time of one chunk, whatever the machine is at
            self.table.put_many([track_rows.to_item(track) for track in chunk])


@pytest.fixture(scope="module")
def service(database: Any) -> Service:
    return Service(database)


SCOPE = {"type": "projects", "ids": ["p"]}


def create(service: Service, **task: Any) -> str:
    use_table(service.table)
    body = {"type": "task", "title": "Task", "scope": SCOPE, "task": task}
    return service.api.post("/v1/tracks", body).json["id"]


def goal(service: Service) -> str:
    use_table(service.table)
    return service.api.post("/v1/tracks", {"type": "goal", "title": "Goal", "scope": SCOPE}).json["id"]


def test_a_get_is_one_read(service: Service) -> None:
    track = create(service)
    assert service.measured(lambda api: api.get(f"/v1/tracks/{track}")).calls == ["get_item"]


def test_a_get_is_one_read_with_the_token(service: Service) -> None:
    track = create(service)
    meter = service.measured(lambda api: api.get(f"/v1/tracks/{track}"), warm=False)
    assert (meter.calls, meter.read) == (["batch_get_item"], 2)


def test_a_get_by_a_token_that_names_no_tenant_is_two_reads(service: Service) -> None:
    track, own = create(service), service.api
    service.api = Api(issue(service.table, service.tenant, names=None))
    meter = service.measured(lambda api: api.get(f"/v1/tracks/{track}"), warm=False)
    service.api = own
    assert (meter.calls, meter.read) == (["get_item", "get_item"], 2)


def test_an_update_is_one_read_with_the_token_and_one_write(service: Service) -> None:
    track = create(service)
    meter = service.measured(lambda api: api.patch(f"/v1/tracks/{track}", {"priority": "high"}), warm=False)
    assert meter.calls == ["batch_get_item", "update_item"]


def test_a_list_page_is_one_query(service: Service) -> None:
    meter = service.measured(lambda api: api.get("/v1/tracks?scope=projects&status=todo"))
    assert meter.calls == ["query"]


def test_a_list_over_shared_and_personal_tracks_is_one_query_each(service: Service) -> None:
    assert service.measured(lambda api: api.get("/v1/tracks")).calls == ["query", "query"]


def test_a_create_is_one_write(service: Service) -> None:
    body = {"type": "task", "title": "Task", "scope": SCOPE}
    assert service.measured(lambda api: api.post("/v1/tracks", body), 201).calls == ["put_item"]


def test_a_create_with_references_and_an_idempotency_key_is_one_transaction(service: Service) -> None:
    task = {"parentId": create(service), "dependsOn": [create(service), create(service)]}
    body = {"type": "task", "title": "Task", "scope": SCOPE, "task": task}
    keyed = {"idempotency-key": new_id()}
    meter = service.measured(lambda api: api.post("/v1/tracks", body, headers=keyed), 201)
    assert meter.calls == ["transact_write_items"]


def test_a_create_that_draws_a_number_is_one_read_and_one_transaction(service: Service) -> None:
    body = {"type": "task", "title": "Task", "scope": SCOPE, "task": {"goalId": goal(service)}}
    keyed = {"idempotency-key": new_id()}
    meter = service.measured(lambda api: api.post("/v1/tracks", body, headers=keyed), 201)
    assert meter.calls == ["batch_get_item", "transact_write_items"]


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "update"}])
def test_an_update_is_one_read_and_one_write(service: Service, headers: dict[str, str]) -> None:
    track = create(service)
    change = {"task": {"status": "in_progress"}}
    meter = service.measured(lambda api: api.patch(f"/v1/tracks/{track}", change, headers=headers))
    assert len(meter.calls) == 2, meter.calls


def test_a_completion_also_looks_who_waited_for_it(service: Service) -> None:
    track = create(service)
    meter = service.measured(lambda api: api.patch(f"/v1/tracks/{track}", {"task": {"status": "done"}}))
    assert meter.calls == ["get_item", "query", "update_item"]


def test_an_update_that_adds_dependencies_is_one_read_and_one_transaction(service: Service) -> None:
    track, others = create(service), [create(service) for _ in range(3)]
    meter = service.measured(lambda api: api.patch(f"/v1/tracks/{track}", {"task": {"dependsOn": others}}))
    assert meter.calls == ["batch_get_item", "transact_write_items"]


def test_a_delete_is_one_read_and_one_write(service: Service) -> None:
    track = create(service)
    meter = service.measured(lambda api: api.delete(f"/v1/tracks/{track}"), 204)
    assert meter.calls == ["get_item", "update_item"]


def test_an_apply_of_100_new_drafts_is_one_transaction(service: Service) -> None:
    drafts = [{"id": f"t{n}", "title": f"T{n}", "task": {"dependsOn": [f"t{n + 1}"]}} for n in range(99)]
    drafts.append({"id": "t99", "title": "T99", "task": {}})
    body = {"scope": SCOPE, "updateDrafts": drafts}
    meter = service.measured(lambda api: api.post("/v1/tracks/apply", body))
    assert meter.calls == ["transact_write_items"]


def test_an_apply_of_100_existing_drafts_is_one_read_and_one_transaction(service: Service) -> None:
    existing = [create(service) for _ in range(100)]
    drafts = [{"id": each, "task": {"status": "todo"}} for each in existing]
    body = {"scope": SCOPE, "updateDrafts": drafts}
    meter = service.measured(lambda api: api.post("/v1/tracks/apply", body))
    assert meter.calls == ["batch_get_item", "transact_write_items"]


def test_an_apply_that_moves_dependencies_among_existing_tracks_reads_at_most_twice(service: Service) -> None:
    existing = [create(service) for _ in range(90)]
    drafts = [{"id": a, "task": {"dependsOn": [b]}} for a, b in pairwise(existing)]
    body = {"scope": SCOPE, "updateDrafts": drafts}
    meter = service.measured(lambda api: api.post("/v1/tracks/apply", body))
    assert meter.calls.count("batch_get_item") <= 2
    assert meter.calls[-1] == "transact_write_items"


# ---------------------------------------------------------------- flat pages


@pytest.fixture(scope="module")
def sizes(database: Any) -> tuple[Service, Service, dict[str, str]]:
    """Two tenants' tables, small and large: a sea of finished tasks, and the same 60 rare ones in each."""
    shared = {"goal": new_id(), "parent": new_id(), "dependency": new_id()}
    services = []
    for count in (SMALL, LARGE):
        service = Service(database)
        service.store(service.made(status="done", assignee=f"user_{n % 7}") for n in range(count - 60))
        rare = {
            "status": "todo",
            "assignee": "agent_rare",
            "priority": "urgent",
            "project_ids": ("rare",),
            "goal_id": shared["goal"],
            "parent_id": shared["parent"],
            "depends_on": (shared["dependency"],),
            "due": "2031-01-01",
        }
        service.store(service.made(**rare) for _ in range(60))
        services.append(service)
    return services[0], services[1], shared


@pytest.mark.parametrize(
    "query",
    [
        "status=todo",
        "status=todo,in_progress",
        "status=done",
        "assignee=agent_rare",
        "assignee=user_3&status=done",
        "assignee=user_3&status=in_progress",
        "projectId=rare",
        "projectId=rare&status=todo",
        "goalId={goal}",
        "parentId={parent}&status=todo",
        "dependsOn={dependency}",
        "dueDateFrom=2030-12-31",
        "updatedAtFrom=2026-01-01",
        "query=nowhere",
    ],
)
def test_a_filtered_page_costs_the_same_in_a_small_and_in_a_large_tenant(
    sizes: tuple[Service, Service, dict[str, str]], query: str
) -> None:
    small, large, ids = sizes
    url = f"/v1/tracks?scope=projects&limit=20&{query.format(**ids)}"
    cost = [service.measured(lambda api: api.get(url)) for service in (small, large)]
    assert cost[1].units <= cost[0].units * 1.2
    assert len(cost[1].calls) <= len(cost[0].calls)


@pytest.mark.parametrize(
    "query",
    [
        "status=pending",
        "status=completed",
        "priority=urgent",
        "assignedTo=agent_rare",
        "spaceId=rare&status=pending",
        "status=pending&priority=urgent&assignedTo=agent_rare&spaceId=rare",
    ],
)
def test_a_page_of_the_pool_costs_the_same_in_a_small_and_in_a_large_tenant(
    sizes: tuple[Service, Service, dict[str, str]], query: str
) -> None:
    url = f"/api/v1/tasks?limit=20&{query}"
    small, large = (service.measured(lambda api: api.get(url)) for service in sizes[:2])
    assert large.units <= small.units * 1.2
    assert len(large.calls) <= len(small.calls)


def test_a_rare_status_is_found_at_once_in_a_sea_of_finished_tasks(
    sizes: tuple[Service, Service, dict[str, str]],
) -> None:
    meter = sizes[1].measured(lambda api: api.get("/v1/tracks?scope=projects&status=todo&limit=20"))
    assert (meter.calls, meter.rows) == (["query"], 21)


def test_a_run_that_resumes_one_and_takes_artifacts_is_one_read_and_one_transaction(service: Service) -> None:
    task = a_task(service.table, a_tenant(service.table, service.tenant, "Build Box")[0])
    earlier = a_run(service.table, task)
    file = {"name": "notes.txt", "type": "context", "source": "", "size": 3, "content_type": "", "storage_path": "x"}
    entries = [{"id": each, **file, "uploaded_at": "2026-05-01T00:00:00+00:00"} for each in ("a", "b", "c")]
    service.table.write([staged.put(service.tenant, task.id, each, clock.epoch() + 60) for each in entries])
    body = {"resume_from_run_id": earlier.id, "pending_user_artifact_ids": ["a", "b", "c"]}
    keyed = {"idempotency-key": "k"}
    meter = service.measured(lambda api: api.post(f"/api/projects/@current/tasks/{task.id}/run/", body, headers=keyed))
    assert meter.calls == ["batch_get_item", "transact_write_items"]
