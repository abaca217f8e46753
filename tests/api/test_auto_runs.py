"""Tasks that get a run automatically: which, when, and never a second one."""

from collections.abc import Callable
from typing import Any

import pytest

from switchyard.ledger import auto_runs
from switchyard.store import keys, readiness
from switchyard.store import runs as run_rows
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.api.test_runs_workflow import World
from tests.support.http import Api
from tests.support.projects import a_tenant


@pytest.fixture
def world(table: Table, tenant: str) -> World:
    a_tenant(table, tenant, "Docs")
    made = World(table, tenant)
    made.stream.collect()
    return made


@pytest.fixture
def on(world: World, api: Api) -> World:
    answer = api.patch("/v1/tenant", {"autoRun": "agents"})
    assert (answer.status, answer.json["autoRun"]) == (200, "agents")
    return world


def runs_of(world: World, task_id: str) -> list[Any]:
    page = run_rows.read_of_task(world.table, world.stream.tenant, task_id.removeprefix("task_"), 10)
    return [run_rows.from_item(row) for row in page.items]


def made(api: Api, **fields: Any) -> str:
    answer = api.post("/api/v1/tasks", {"title": "Analyze", "assignedTo": "agent_a", "assigneeType": "agent", **fields})
    assert answer.status == 201, answer.text
    return str(answer.json["id"])


def test_a_ready_task_of_an_agent_gets_one_run_and_its_execution(on: World, api: Api) -> None:
    task = made(api)
    on.deliver()
    on.deliver()
    (run,) = runs_of(on, task)
    assert (run.agent, run.status, run.changed_source) == ("agent_a", "queued", "workflow")
    assert on.states.executions == {run.id: "RUNNING"}


def test_off_is_the_default_and_starts_nothing(world: World, api: Api) -> None:
    assert api.patch("/v1/tenant", {}).json["autoRun"] == "off"
    task = made(api)
    world.deliver()
    assert runs_of(world, task) == []
    assert api.patch("/v1/tenant", {"autoRun": "agents"}).status == 200
    assert api.patch("/v1/tenant", {"autoRun": "off"}).json["autoRun"] == "off"
    later = made(api)
    world.deliver()
    assert runs_of(world, later) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"assignedTo": "user_bob", "assigneeType": "user"},
        {"assignedTo": None, "assigneeType": "agent"},
        {"status": "in_progress"},
        {"status": "completed"},
        {"status": "cancelled"},
    ],
    ids=str,
)
def test_a_task_that_is_nobodys_a_persons_or_not_pending_gets_none(on: World, api: Api, fields: Any) -> None:
    task = made(api, **fields)
    on.deliver()
    assert runs_of(on, task) == []


def test_an_id_of_an_agent_counts_whatever_the_type_says(on: World, api: Api) -> None:
    task = made(api, assigneeType="user")
    on.deliver()
    assert [run.agent for run in runs_of(on, task)] == ["agent_a"]


def test_a_personal_task_is_not_of_the_pool(on: World, api: Api) -> None:
    fields = {"assignee": "agent_a", "assigneeType": "agent"}
    answer = api.post("/v1/tracks", {"type": "task", "title": "Mine", "scope": {"type": "personal"}, "task": fields})
    on.deliver()
    assert runs_of(on, answer.json["id"]) == []


def test_a_task_that_waits_gets_its_run_when_the_last_it_waits_for_is_done(on: World, api: Api) -> None:
    first = made(api, assignedTo="user_bob", assigneeType="user")
    second = made(api, dependsOn=[first])
    recount(on, second)
    on.deliver()
    assert runs_of(on, second) == []
    api.patch(f"/api/v1/tasks/{first}", {"status": "in_progress"})
    api.patch(f"/api/v1/tasks/{first}", {"status": "completed"})
    on.deliver()
    recount(on, second)
    on.deliver()
    assert len(runs_of(on, second)) == 1


def recount(world: World, task: str) -> None:
    readiness.recount(world.table, world.stream.tenant, task.removeprefix("task_"))


def test_a_task_that_is_assigned_to_an_agent_later_gets_its_run_then(on: World, api: Api) -> None:
    task = made(api, assignedTo=None)
    on.deliver()
    api.patch(f"/api/v1/tasks/{task}", {"assignedTo": "agent_b", "assigneeType": "agent"})
    on.deliver()
    assert [run.agent for run in runs_of(on, task)] == ["agent_b"]


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_a_run_that_ended_is_not_started_again(on: World, api: Api, end: str) -> None:
    task = made(api)
    on.deliver()
    (run,) = runs_of(on, task)
    url = f"/api/projects/-/tasks/{task.removeprefix('task_')}/runs/{run.id}"
    assert api.patch(url, {"status": end}).status == 200
    on.deliver()
    api.patch(f"/api/v1/tasks/{task}", {"title": "Again", "assignedTo": "agent_b"})
    on.deliver()
    assert [each.status for each in runs_of(on, task)] == [end]


def test_a_task_that_somebody_runs_or_holds_meanwhile_gets_none(on: World, api: Api, caller: Caller) -> None:
    ran, held = made(api), made(api)
    assert api.post("/api/v1/agents/agent_a/execute", {"taskId": ran}).status == 201
    assert caller("agent_a", kind="agent").post(f"/api/v1/tasks/{held}/claim", {}).status == 200
    on.deliver()
    assert len(runs_of(on, ran)) == 1
    assert runs_of(on, held) == []


class Rival:
    """A table in which someone else does something just before the first write."""

    def __init__(self, table: Table, act: Callable[[], Any]) -> None:
        self._table, self._act = table, act

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def write(self, *args: Any, **more: Any) -> None:
        act, self._act = self._act, lambda: None
        act()
        self._table.write(*args, **more)


def test_of_two_that_start_a_run_at_the_same_moment_one_does(on: World, api: Api) -> None:
    task, tenant = made(api).removeprefix("task_"), on.stream.tenant
    rival = Rival(on.table, lambda: auto_runs.start(on.table, tenant, task, "other"))
    assert auto_runs.start(rival, tenant, task, "ours") is None  # type: ignore[arg-type]
    assert [run.changed_request for run in runs_of(on, task)] == ["other"]


def test_a_task_that_is_taken_back_at_the_moment_of_the_write_gets_none(on: World, api: Api) -> None:
    task, tenant = made(api), on.stream.tenant
    rival = Rival(on.table, lambda: api.patch(f"/api/v1/tasks/{task}", {"assignedTo": None}))
    assert auto_runs.start(rival, tenant, task.removeprefix("task_"), "ours") is None  # type: ignore[arg-type]
    assert runs_of(on, task) == []


def test_the_setting_is_the_administrators_and_the_tenants_own(on: World, caller: Caller) -> None:
    worker = caller(scopes=["tasks:read", "tasks:write"])
    assert worker.patch("/v1/tenant", {"autoRun": "off"}).status == 403
    api = caller()
    assert api.patch("/v1/tenant", {"autoRun": "always"}).status == 400
    assert api.patch("/v1/tenant", {"name": "Mine"}).status == 400
    shown = api.patch("/v1/tenant", {}).json
    assert api.patch("/v1/tenant", shown).json == shown
    assert on.table.get(*keys.tenant(on.stream.tenant))
