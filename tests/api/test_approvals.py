"""What a person must approve: the start of a task's runs, or its completion."""

from typing import Any

import pytest

from switchyard.domain import clock, questions
from switchyard.domain.runs import Run
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.api.test_runs_workflow import World
from tests.support.http import Answer, Api
from tests.support.mcp import Mcp
from tests.support.planning import assert_refused, make_task


@pytest.fixture
def world(table: Table, tenant: str) -> World:
    return World(table, tenant)


def held(world: World) -> Run:
    """A run that must be approved before it begins."""
    run = world.run(world.task(requires_approval="start"))
    world.deliver()
    return world.now(run)


def worked(world: World) -> Run:
    """A run in the hands of agent_bo, whose completion must be confirmed."""
    run = world.run(world.task(requires_approval="completion"), dispatched_at=clock.now(), dispatches=1)
    world.claim(run)
    return world.now(run)


def decide(client: Api, run: Run, choice: str) -> Answer:
    return client.post(f"/v1/runs/{run.task_id}/{run.id}/questions/{run.question_id}/answer", {"answer": choice})


def complete(client: Api, run: Run) -> Any:
    answer = client.patch(f"/api/projects/-/tasks/{run.task_id}/runs/{run.id}", {"status": "completed"})
    assert answer.status == 200, answer.text
    return answer.json


def test_a_run_that_may_ask_no_more_is_still_approved(
    world: World, api: Api, bo: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "QUESTIONS_MAX", 0)
    run = worked(world)
    complete(bo, run)
    assert decide(api, world.now(run), "approve").status == 200
    assert world.now(run).status == "completed"


# ---------------------------------------------------------------- the start


def test_a_run_is_held_until_a_person_approves_and_costs_no_execution(world: World, api: Api, bo: Api) -> None:
    run = held(world)
    assert (run.status, run.awaits_input) == ("queued", True)
    assert world.states.executions == {}
    assert bo.post("/v1/runs/claim", {"task": run.task_id}).status == 204
    assert decide(api, run, "approve").json["approves"] == "start"
    world.deliver()
    assert list(world.states.executions) == [run.id]
    assert world.reconcile()["started"] == 0


def test_a_run_that_is_held_is_left_alone_by_the_reconciler(world: World) -> None:
    held(world)
    assert world.reconcile()["started"] == 0
    assert world.states.executions == {}


def test_a_run_that_is_not_approved_is_cancelled_and_says_by_whom(world: World, api: Api) -> None:
    run = held(world)
    assert decide(api, run, "reject").status == 200
    run = world.now(run)
    assert (run.status, run.error_message) == ("cancelled", "user_ada did not approve the run's start.")


def test_an_agent_approves_nothing(world: World, bo: Api, caller: Caller) -> None:
    run = held(world)
    assert decide(bo, run, "approve").json["code"] == "not_asked"
    assert decide(caller("agent_eve", kind="agent"), run, "approve").json["code"] == "not_asked"


def test_a_run_that_is_held_does_not_begin_by_a_report(world: World, bo: Api) -> None:
    run = held(world)
    answer = bo.patch(f"/api/projects/-/tasks/{run.task_id}/runs/{run.id}", {"status": "in_progress"})
    assert (answer.status, answer.json["code"]) == (409, "approval_required")


def test_a_run_that_comes_back_is_approved_anew(world: World, api: Api) -> None:
    run = held(world)
    decide(api, run, "approve")
    world.change(run, status="failed")
    world.resume(run)
    assert world.now(run).awaits_input
    assert world.now(run).question_id != run.question_id


def test_an_agent_does_not_begin_the_task_without_a_run(api: Api, bo: Api) -> None:
    task = make_task(api, requiresApproval="start")
    assert task["task"]["requiresApproval"] == "start"
    path = f"/v1/tracks/{task['id']}"
    assert bo.patch(path, {"task": {"status": "in_progress"}}).json["code"] == "approval_required"
    assert bo.post(f"/api/v1/tasks/{task['id']}/claim", {}).status == 409
    assert bo.post("/api/v1/tasks/claim", {}).status == 204
    assert api.patch(path, {"task": {"status": "in_progress"}}).status == 200


# ---------------------------------------------------------------- the completion


def test_an_agents_completion_waits_for_a_person(world: World, api: Api, bo: Api) -> None:
    run = worked(world)
    shown = complete(bo, run)
    assert (shown["status"], shown["awaiting_input"], shown["holder"]) == ("in_progress", True, None)
    assert world.task_of(run).status == "in_progress"
    assert decide(api, world.now(run), "approve").status == 200
    assert (world.now(run).status, world.task_of(run).status) == ("completed", "done")


def test_a_completion_that_is_not_confirmed_fails_the_run_and_opens_the_task(world: World, api: Api, bo: Api) -> None:
    run = worked(world)
    complete(bo, run)
    decide(api, world.now(run), "reject")
    ended = world.now(run)
    assert (ended.status, ended.error_message) == ("failed", "user_ada did not approve the run's completion.")
    assert world.task_of(run).status == "todo"


def test_a_tool_that_completes_the_task_waits_for_a_person_too(world: World, api: Api, bo: Api) -> None:
    run = worked(world)
    shown = Mcp(bo).ok("update_task", task_id=run.task_id, status="completed")
    assert shown["task"]["status"] == "open"
    assert world.now(run).awaits_input


def test_a_person_confirms_by_completing_the_task(world: World, api: Api, bo: Api) -> None:
    run = worked(world)
    complete(bo, run)
    world.deliver()
    assert api.patch(f"/v1/tracks/{run.task_id}", {"task": {"status": "done"}}).status == 200
    world.deliver()
    assert world.now(run).status == "completed"


def test_an_agent_completes_nothing_that_has_no_run(api: Api, bo: Api) -> None:
    task = make_task(api, requiresApproval="completion")
    path = f"/v1/tracks/{task['id']}"
    assert bo.patch(path, {"task": {"status": "done"}}).json["code"] == "approval_required"
    assert api.patch(path, {"task": {"status": "done"}}).status == 200


def test_an_agent_does_not_take_the_need_away(api: Api, bo: Api) -> None:
    path = f"/v1/tracks/{make_task(api, requiresApproval='completion')['id']}"
    assert bo.patch(path, {"task": {"requiresApproval": ""}}).json["code"] == "approval_required"
    assert bo.patch(path, {"title": "Another"}).status == 200
    assert api.patch(path, {"task": {"requiresApproval": ""}}).json["task"]["requiresApproval"] is None


def test_a_word_that_is_none_is_refused(api: Api) -> None:
    body = {"type": "task", "title": "T", "scope": {"type": "personal"}, "task": {"requiresApproval": "always"}}
    assert_refused(api.post("/v1/tracks", body), 400, "task.requiresApproval")


# ---------------------------------------------------------------- who approved


def test_the_trail_has_who_approved(world: World, api: Api) -> None:
    run = held(world)
    world.stream.settle()
    decide(api, run, "approve")
    world.stream.settle()
    items = api.get(f"/v1/audit?track={run.task_id}").json["items"]
    (entry,) = [each for each in items if each["action"] == "run_answered"]
    assert entry["actor"]["id"] == "user_ada"
    assert [(each["field"], each["after"]) for each in entry["changes"]] == [
        ("question", "May this run begin?"),
        ("answer", "approve"),
    ]
