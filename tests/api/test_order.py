"""Dependencies bind on every surface: what a blocked task is refused, what a person may do, and who is told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from switchyard.domain.actors import service_actor
from switchyard.domain.ids import new_id
from switchyard.ledger import system
from switchyard.store.table import Table
from switchyard.surfaces.pool.payloads import payload
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.mcp import Mcp
from tests.support.planning import DOCS, change, make_goal, make_task, read
from tests.support.published import Published
from tests.support.runs import Runs
from tests.support.stream import Stream


@pytest.fixture
def agent(caller: Caller) -> Api:
    return caller("agent_bo", kind="agent")


@pytest.fixture
def first(api: Api) -> str:
    return str(make_task(api, "First")["id"])


@pytest.fixture
def second(api: Api, first: str) -> str:
    """A task of a goal that depends on the first one."""
    return str(make_task(api, "Second", dependsOn=[first], goalId=make_goal(api)["id"], status="todo")["id"])


Act = Callable[[Api, str], Answer]


def _objective_task(api: Api, task: str) -> Answer:
    shown = api.get(f"/v1/tracks/{task}").json
    workspace = api.get("/v1/tasks").json["data"][0]["tenant_id"]
    goal = shown["task"]["goalId"]
    return api.patch(f"/v1/workspaces/{workspace}/objectives/{goal}/tasks/{task}", {"completed": True})


#: Ways to begin or complete a task, each with how its surface spells ids.
ACTS: dict[str, tuple[str, Act]] = {
    "planning begins": ("", lambda api, task: api.patch(f"/v1/tracks/{task}", {"task": {"status": "in_progress"}})),
    "planning completes": ("", lambda api, task: api.patch(f"/v1/tracks/{task}", {"task": {"status": "done"}})),
    "planning applies": (
        "",
        lambda api, task: api.post(
            "/v1/tracks/apply", {"scope": DOCS, "updateDrafts": [{"id": task, "task": {"status": "done"}}]}
        ),
    ),
    "pool begins": ("task_", lambda api, task: api.patch(f"/api/v1/tasks/{task}", {"status": "in_progress"})),
    "followups completes": ("task_", lambda api, task: api.patch(f"/v1/tasks/{task}", {"status": "completed"})),
    "objectives completes": ("task_", _objective_task),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_agent_neither_begins_nor_completes_a_blocked_task(agent: Api, first: str, second: str, act: str) -> None:
    spelling, send = ACTS[act]
    refused = send(agent, second)
    assert refused.status == 409, refused.text
    assert f"depends on {spelling}{first}, not completed yet" in refused.text
    assert agent.get(f"/v1/tracks/{second}").json["task"]["status"] == "todo"


@pytest.mark.parametrize("act", ACTS)
def test_a_person_may_overrule_and_the_answer_and_the_trail_say_so(
    api: Api, stream: Stream, first: str, second: str, act: str
) -> None:
    spelling, send = ACTS[act]
    answer = send(api, second)
    assert answer.status == 200, answer.text
    assert answer.headers["dependencies-overruled"] == f"{spelling}{first}"
    shown = Published(api).ok("GET", f"/v1/tracks/{second}")
    assert shown["changedBy"]["overruled"] == [first]
    stream.settle()
    newest = Published(api).ok("GET", f"/v1/audit?track={second}")["items"][0]
    assert newest["overruled"] == [first]
    assert "overruled" not in change(api, shown, {"title": "Anew"})["changedBy"]


@pytest.mark.parametrize("act", ACTS)
def test_what_waits_for_nothing_any_more_is_open_to_agents(
    agent: Api, api: Api, first: str, second: str, act: str
) -> None:
    change(api, {"id": first}, {"task": {"status": "done"}})
    answer = ACTS[act][1](agent, second)
    assert answer.status == 200, answer.text
    assert "dependencies-overruled" not in answer.headers


def test_the_tools_are_bound_too(agent: Api, api: Api, first: str, second: str) -> None:
    for tool, more in (("update_task", {"status": "completed"}), ("complete_task", {})):
        error = Mcp(agent).refused(tool, "blocked", task_id=second, **more)
        assert f"task_{first}" in error["message"]
    draft = {"id": second, "task": {"status": "done"}}
    assert f"task_{first}" in Mcp(agent).refused("plan_work", "blocked", drafts=[draft])["message"]
    assert Published(api).tool("complete_task", task_id=second)["overruled"] == [f"task_{first}"]


def test_the_tools_complete_what_waits_for_nothing_any_more(agent: Api, api: Api, first: str, second: str) -> None:
    change(api, {"id": first}, {"task": {"status": "done"}})
    assert "overruled" not in Published(agent).tool("complete_task", task_id=second)


def test_a_refused_completion_is_in_the_trail(agent: Api, stream: Stream, second: str) -> None:
    agent.patch(f"/v1/tasks/{second}", {"status": "completed"})
    stream.settle()
    newest = agent.get(f"/v1/audit?track={second}").json["items"][0]
    assert (newest["outcome"], newest["error"]) == ("refused", {"code": "blocked", "status": 409})


@pytest.mark.parametrize("kind", ["user", "agent"])
def test_a_blocked_task_gets_no_run(caller: Caller, first: str, second: str, kind: str) -> None:
    client = caller("someone", kind=kind)
    for path, body in (("run", {}), ("runs", {}), ("runs", {"environment": "local"})):
        refused = client.post(f"/api/projects/-/tasks/{second}/{path}", body)
        assert refused.status == 409
        assert first in refused.json["detail"]
    assert client.get(f"/v1/tracks/{second}").json["task"]["status"] == "todo"


#: Ways to have a task run: each takes the task and a run of it that was not started, and begins a run or goes on.
BEGINNINGS: dict[str, Callable[[Api, str, str], Answer]] = {
    "a run is made and started": lambda api, task, _: api.post(f"/api/projects/-/tasks/{task}/run", {}),
    "a run is made": lambda api, task, _: api.post(f"/api/projects/-/tasks/{task}/runs", {}),
    "a run is started": lambda api, task, run: api.post(f"/api/projects/-/tasks/{task}/runs/{run}/start", {}),
    "a run goes on": lambda api, task, run: api.patch(
        f"/api/projects/-/tasks/{task}/runs/{run}", {"status": "in_progress"}
    ),
    "an agent executes it": lambda api, task, _: api.post("/api/v1/agents/agent_bo/execute", {"taskId": task}),
}


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_a_task_whose_prerequisites_are_done_is_run(
    api: Api, table: Table, tenant: str, first: str, second: str, begin: str
) -> None:
    change(api, {"id": first}, {"task": {"status": "done"}})
    ledger = Runs(table, tenant)
    run = ledger.run(ledger.unit().get(second), status="not_started").id
    answer = BEGINNINGS[begin](api, second, run)
    assert answer.status in (200, 201), answer.text


def test_a_run_that_failed_goes_back_to_the_workflow_when_the_prerequisites_of_its_task_are_done(
    api: Api, table: Table, tenant: str, first: str, second: str
) -> None:
    change(api, {"id": first}, {"task": {"status": "done"}})
    ledger = Runs(table, tenant)
    run = ledger.run(ledger.unit().get(second))
    system.change_run(table, service_actor(tenant), new_id(), second, run.id, lambda _: {"status": "failed"})
    answer = api.post(f"/api/projects/-/tasks/{second}/runs/{run.id}/resume_in_cloud", {})
    assert answer.json["status"] == "queued", answer.text


def test_a_run_of_a_task_that_was_blocked_since_is_not_handed_out(
    agent: Api, api: Api, table: Table, tenant: str, first: str
) -> None:
    runs = Runs(table, tenant)
    run = runs.run(dispatched_at="2026-01-01T00:00:00.000Z")
    change(api, {"id": run.task_id}, {"task": {"dependsOn": [first]}})
    assert agent.post("/v1/runs/claim", {}).status == 204
    assert agent.post("/v1/runs/claim", {"task": run.task_id}).status == 204
    assert Mcp(agent).ok("claim_next_task")["task"]["id"] == f"task_{first}"
    change(agent, {"id": first}, {"task": {"status": "done"}})
    assert agent.post("/v1/runs/claim", {}).json["run"]["id"] == run.id


def test_a_run_that_failed_does_not_go_back_to_the_workflow_while_its_task_is_blocked(
    agent: Api, api: Api, table: Table, tenant: str, first: str
) -> None:
    run = Runs(table, tenant).run()
    by = service_actor(tenant)
    system.change_run(table, by, new_id(), run.task_id, run.id, lambda _: {"status": "failed"})
    change(api, {"id": run.task_id}, {"task": {"dependsOn": [first]}})
    path = f"/api/projects/-/tasks/{run.task_id}/runs/{run.id}/resume_in_cloud"
    assert agent.post(path, {}).status == 409


def test_an_agent_does_not_complete_by_its_run_what_was_blocked_since(
    agent: Api, api: Api, table: Table, tenant: str, first: str
) -> None:
    runs = Runs(table, tenant)
    run = runs.run(dispatched_at="2026-01-01T00:00:00.000Z")
    runs.claim(run)
    change(api, {"id": run.task_id}, {"task": {"dependsOn": [first]}})
    path = f"/api/projects/-/tasks/{run.task_id}/runs/{run.id}"
    assert agent.patch(path, {"status": "completed"}).status == 409
    assert agent.patch(path, {"status": "failed"}).status == 200


def test_drafts_of_one_request_are_taken_in_the_order_of_their_dependencies(
    agent: Api, first: str, second: str
) -> None:
    drafts = [{"id": each, "task": {"status": "done"}} for each in (second, first)]
    answer = agent.post("/v1/tracks/apply", {"scope": DOCS, "updateDrafts": drafts})
    assert [each["outcome"] for each in answer.json["results"]] == ["updated", "updated"], answer.text


def test_an_agent_does_not_take_a_dependency_away_by_the_change_that_it_forbids(
    agent: Api, api: Api, first: str, second: str
) -> None:
    both = {"task": {"status": "done", "dependsOn": []}}
    assert agent.patch(f"/v1/tracks/{second}", both).status == 409
    assert api.patch(f"/v1/tracks/{second}", both).status == 200
    agent.patch(f"/v1/tracks/{first}", {"task": {"status": "done"}})
    third = str(make_task(api, "Third", dependsOn=[first])["id"])
    assert agent.patch(f"/v1/tracks/{third}", both).status == 200


def test_an_agent_makes_no_task_that_is_done_before_its_prerequisite(agent: Api, first: str) -> None:
    body = {"type": "task", "title": "Late", "scope": DOCS, "task": {"status": "done", "dependsOn": [first]}}
    assert agent.post("/v1/tracks", body).status == 409


# ---------------------------------------------------------------- prerequisites that will never be done


def _lose(api: Api, task: str, how: str) -> None:
    if how == "deleted":
        assert api.delete(f"/v1/tracks/{task}").status == 204
    else:
        change(api, {"id": task}, {"task": {"status": "cancelled"}})


@pytest.mark.parametrize("how", ["cancelled", "deleted"])
def test_who_waits_for_what_will_never_be_done_stays_blocked_until_a_person_resolves_it(
    api: Api, agent: Api, stream: Stream, first: str, second: str, how: str
) -> None:
    stream.settle()
    _lose(agent, first, how)
    stream.settle()
    shown = read(api, {"id": second})
    assert shown["task"]["dependsOn"] == [first]
    refused = agent.patch(f"/api/v1/tasks/{second}", {"status": "in_progress"})
    assert f"task_{first} ({how})" in refused.json["message"]
    assert agent.post("/api/v1/tasks/claim", {}).status == 204
    for graph in (second, shown["task"]["goalId"]):
        found = Published(api).ok("GET", f"/v1/tracks/{graph}/graph")
        assert (found["blocked"], found["stuck"]) == ([second], [second])
    change(api, shown, {"task": {"dependsOn": []}})
    stream.settle()
    assert agent.post("/api/v1/tasks/claim", {}).json["id"] == f"task_{second}"


@pytest.mark.parametrize("how", ["cancelled", "deleted"])
def test_there_is_an_event_for_each_stuck_task(api: Api, stream: Stream, first: str, second: str, how: str) -> None:
    finished = make_task(api, "Finished", dependsOn=[first])["id"]
    change(api, {"id": finished}, {"task": {"status": "done"}})
    stream.settle()
    _lose(api, first, how)
    records = stream.collect()
    for _ in range(2):
        assert stream.deliver(records) == []
    told = [json.loads(each["Detail"]) for each in stream.bus.taken if each["DetailType"] == "task.stuck"]
    assert {each["track"]["id"] for each in told} == {second}
    assert {each["prerequisite"]["fate"] for each in told} == {how}
    assert len({each["id"] for each in told}) == 1
    assert payload(told[0])["data"]["prerequisite"] == {"id": f"task_{first}", "fate": how}


def test_the_answer_to_cancelling_names_those_who_wait(api: Api, stream: Stream, first: str, second: str) -> None:
    stream.settle()
    answer = Published(api).ok("PATCH", f"/v1/tracks/{first}", {"task": {"status": "cancelled"}})
    assert answer["stuck"] == [second]


def test_what_was_done_counts_as_done_when_it_is_deleted(api: Api, stream: Stream, first: str, second: str) -> None:
    change(api, {"id": first}, {"task": {"status": "done"}})
    stream.settle()
    api.delete(f"/v1/tracks/{first}")
    stream.settle()
    assert read(api, {"id": second})["task"]["dependsOn"] == []
    assert "task.stuck" not in [each["DetailType"] for each in stream.bus.taken]


# ---------------------------------------------------------------- the pool's metadata


def test_dependencies_that_the_metadata_names_are_dependencies(api: Api, agent: Api) -> None:
    steps = []
    for step in range(1, 4):
        waits = {"dependsOn": steps[-1]} if steps else {}
        body = {"title": f"Step {step}", "metadata": {"workflow": "market-analysis", "step": step, **waits}}
        steps.append(api.post("/api/v1/tasks", body).json["id"])
    shown = api.get(f"/api/v1/tasks/{steps[2]}").json
    assert (shown["dependsOn"], shown["metadata"]["dependsOn"]) == ([steps[1]], steps[1])
    assert agent.post(f"/api/v1/tasks/{steps[1]}/claim", {}).status == 409
    # What is written back as it was shown brings no dependency back that was taken away.
    assert "dependsOn" not in api.patch(f"/api/v1/tasks/{steps[2]}", {"dependsOn": []}).json
    assert "dependsOn" not in api.patch(f"/api/v1/tasks/{steps[2]}", {"metadata": shown["metadata"]}).json
    both = api.patch(f"/api/v1/tasks/{steps[2]}", {"metadata": {"dependsOn": steps[:2]}}).json
    assert both["dependsOn"] == steps[:2]
    last = api.post("/api/v1/tasks", {"title": "Step 4", "metadata": {"dependsOn": steps[:2]}}).json
    assert last["dependsOn"] == steps[:2]


@pytest.mark.parametrize(
    "named", ["task_step1_id", 7, {"id": "x"}, [], ["task_step1_id"], f"task_{new_id()}", [f"task_{new_id()}", None]]
)
def test_metadata_that_names_no_task_is_metadata_alone(api: Api, named: Any) -> None:
    answer = api.post("/api/v1/tasks", {"title": "T", "metadata": {"dependsOn": named}})
    assert answer.status == 201
    assert "dependsOn" not in answer.json
    assert answer.json["metadata"] == {"dependsOn": named}
