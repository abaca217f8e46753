"""Agents draw runs, keep them and give them back. How they compete is tested on the deployed stack."""

from collections import Counter
from typing import Any

import pytest

from switchyard.domain import clock
from switchyard.domain.actors import SCOPES, Actor, service_actor
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Run
from switchyard.ledger import runs, system, tracks
from switchyard.ledger.unit import Unit
from switchyard.store.table import Table
from switchyard.surfaces.runs import claims
from tests.api.conftest import Caller
from tests.support.http import Answer, Api

CLAIM = "/v1/runs/claim"


@pytest.fixture
def eve(caller: Caller) -> Api:
    return caller("agent_eve", kind="agent")


class Ledger:
    """Tasks and runs of the test's tenant, made behind the surface's back."""

    def __init__(self, table: Table, tenant: str) -> None:
        self.table = table
        self.tenant = tenant

    def unit(self, actor: str = "user_ada") -> Unit:
        return Unit(self.table, Actor(self.tenant, actor, "user", frozenset(SCOPES), "t"), new_id())

    def offer(self, agent: str | None = None, *, dispatched: bool = True, run: Any = None, **task: Any) -> Run:
        """Make a task with a run that waits for an agent."""
        unit = self.unit()
        kind = {"assignee": agent, "assignee_type": "agent"} if agent else {}
        made = tracks.create(unit, "task", "Write docs", status="todo", **kind, **task)
        unit.commit(200, {}, "")
        unit = self.unit()
        fields = {"dispatched_at": clock.now() if dispatched else None, **(run or {})}
        started = runs.create(unit, unit.get(made.id), **fields)
        unit.commit(200, {}, "")
        return started

    def task_of(self, run: Run) -> Any:
        return system.load(self.table, self.tenant, run.task_id, run.id)[0]

    def change(self, run: Run, **fields: Any) -> None:
        system.change_run(self.table, service_actor(self.tenant), new_id(), run.task_id, run.id, lambda _: fields)


@pytest.fixture
def ledger(table: Table, tenant: str) -> Ledger:
    return Ledger(table, tenant)


class Clock:
    """The time of the ledger, moved by hand; sleeping moves it too."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.seconds, self.monotonic, self.sleeps = 1_800_000_000.0, 1_000.0, 0
        patch.setattr("time.time", lambda: self.seconds)
        patch.setattr("time.monotonic", lambda: self.monotonic)
        patch.setattr("switchyard.ledger.unit.monotonic", lambda: self.monotonic)
        patch.setattr("time.sleep", self.sleep)
        self.during: Any = lambda: None

    def sleep(self, seconds: float) -> None:
        self.sleeps += 1
        self.monotonic += seconds
        self.pass_by(seconds)
        self.during()

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def path(run: Run, action: str) -> str:
    return f"/v1/runs/{run.task_id}/{run.id}/{action}"


def claimed(answer: Answer) -> str:
    assert answer.status == 200, answer.text
    return answer.json["run"]["id"]


# ---------------------------------------------------------------- what is claimed


def test_a_claim_shows_the_run_its_task_and_where_to_report(ledger: Ledger, bo: Api, now: Clock) -> None:
    state = {"mode": "background", "pending_user_message": "Be brief."}
    artifact = {"id": "a" * 32, "name": "plan.md", "storage_path": "tasks/x"}
    run = ledger.offer(
        "agent_bo", run={"state": state, "artifacts": (artifact,)}, project_ids=("docs",), priority="high"
    )
    answer = bo.post(CLAIM, {"lease_seconds": 60}, headers={"host": "api.example.com"})
    assert answer.status == 200
    assert answer.json["task"] == {
        "id": run.task_id,
        "title": "Write docs",
        "description": "",
        "priority": "high",
        "due": None,
        "project": "docs",
        "goal": None,
        "repository": None,
        "json_schema": None,
        "metadata": {},
        "created_by": "user_ada",
    }
    assert answer.json["run"] == {
        "id": run.id,
        "status": "in_progress",
        "stage": None,
        "branch": None,
        "message": "Be brief.",
        "state": state,
        "artifacts": [artifact],
        "resumed_from": None,
        "created_by": "user_ada",
        "created_at": run.created_at,
    }
    assert answer.json["url"] == f"https://api.example.com/api/projects/-/tasks/{run.task_id}/runs/{run.id}/"
    assert (answer.json["fence"], answer.json["lease_until"]) == (1, clock.stamp(now.seconds + 60))
    assert ledger.task_of(run).status == "in_progress"


def test_a_claim_needs_no_body_and_there_may_be_nothing(ledger: Ledger, bo: Api) -> None:
    assert bo.post(CLAIM).status == 204
    run = ledger.offer()
    assert claimed(bo.post(CLAIM)) == run.id
    assert bo.post(CLAIM).status == 204


def test_runs_are_claimed_own_before_any_and_the_oldest_first(ledger: Ledger, bo: Api, now: Clock) -> None:
    wanted = []
    for agent in (None, "agent_bo", "agent_eve", None, "agent_bo"):
        now.pass_by(1)
        wanted.append(ledger.offer(agent).id)
    assert [claimed(bo.post(CLAIM)) for _ in range(4)] == [wanted[n] for n in (1, 4, 0, 3)]
    assert bo.post(CLAIM).status == 204


def test_what_is_not_offered_is_not_claimed(ledger: Ledger, bo: Api) -> None:
    ledger.offer(dispatched=False)
    ledger.offer(run={"environment": "local"})
    ledger.offer(run={"status": "not_started"})
    ledger.change(ledger.offer(), status="cancelled")
    assert bo.post(CLAIM).status == 204


def test_a_run_whose_lease_ran_out_is_claimed_after_the_free_ones_with_the_next_fence(
    ledger: Ledger, bo: Api, eve: Api, now: Clock
) -> None:
    lapsed = ledger.offer()
    assert claimed(bo.post(CLAIM, {"lease_seconds": 10})) == lapsed.id
    now.pass_by(9)
    assert eve.post(CLAIM).status == 204
    now.pass_by(2)
    free = ledger.offer()
    assert claimed(eve.post(CLAIM)) == free.id
    again = eve.post(CLAIM)
    assert (claimed(again), again.json["fence"]) == (lapsed.id, 2)
    assert bo.post(path(lapsed, "heartbeat"), headers={"claim-fence": "1"}).status == 409


def test_only_what_fits_the_wish_is_claimed(ledger: Ledger, bo: Api) -> None:
    ledger.offer(project_ids=("other",))
    docs = ledger.offer(project_ids=("docs",))
    named = ledger.offer(project_ids=("docs",))
    assert claimed(bo.post(CLAIM, {"task": named.task_id})) == named.id
    assert bo.post(CLAIM, {"task": named.task_id}).status == 204
    assert claimed(bo.post(CLAIM, {"project": "docs"})) == docs.id
    assert bo.post(CLAIM, {"project": "docs"}).status == 204


def test_a_run_is_claimed_by_its_task_only_by_whom_it_is_meant_for(ledger: Ledger, bo: Api, caller: Caller) -> None:
    run = ledger.offer("agent_eve", project_ids=("docs",))
    assert bo.post(CLAIM, {"task": run.task_id}).status == 204
    assert caller("agent_eve", kind="agent").post(CLAIM, {"task": run.task_id, "project": "x"}).status == 204
    assert bo.post(CLAIM, {"task": new_id()}).status == 404
    assert caller("agent_eve", tenant=new_id()).post(CLAIM, {"task": run.task_id}).status == 404


def test_runs_of_personal_tasks_are_their_owners_alone(ledger: Ledger, api: Api, bo: Api) -> None:
    run = ledger.offer(owner="user_ada")
    assert bo.post(CLAIM).status == 204
    assert claimed(api.post(CLAIM)) == run.id


def test_runs_of_another_tenant_are_not_there(ledger: Ledger, caller: Caller) -> None:
    run = ledger.offer()
    stranger = caller("agent_bo", tenant=new_id())
    assert stranger.post(CLAIM).status == 204
    assert [stranger.post(path(run, each)).status for each in ("heartbeat", "release")] == [404, 404]


def test_the_run_of_a_task_that_was_finished_or_deleted_meanwhile_is_passed_over(ledger: Ledger, bo: Api) -> None:
    done, deleted = ledger.offer(), ledger.offer()
    unit = ledger.unit()
    tracks.change(unit, unit.get(done.task_id), status="done")
    tracks.delete(unit, unit.get(deleted.task_id))
    unit.commit(200, {}, "")
    left = ledger.offer()
    assert claimed(bo.post(CLAIM)) == left.id
    assert bo.post(CLAIM).status == 204


def test_many_workers_draw_at_random_but_their_own_runs_first(
    ledger: Ledger, bo: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims.draws, "are_contended", lambda *_: True)
    monkeypatch.setattr(claims.draws, "shuffled", lambda runs: sorted(runs, key=lambda run: run.id, reverse=True))
    offered = [ledger.offer(agent).id for agent in (None, "agent_bo", "agent_bo", None)]
    assert [claimed(bo.post(CLAIM)) for _ in range(4)] == [offered[n] for n in (2, 1, 3, 0)]


@pytest.mark.parametrize(
    "body",
    [
        {"wait_seconds": 21},
        {"wait_seconds": -1},
        {"wait_seconds": 1.5},
        {"lease_seconds": 9},
        {"lease_seconds": 86_401},
        {"lease_seconds": "60"},
        {"lease_seconds": None},
        {"project": ""},
        {"project": "p" * 129},
        {"task": "no id"},
        {"agent": "agent_bo"},
        [],
    ],
)
def test_a_bad_wish_is_refused_with_what_would_be_right(ledger: Ledger, bo: Api, body: Any) -> None:
    ledger.offer()
    answer = bo.post(CLAIM, body)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json["errors"][0]["reason"]
    assert claimed(bo.post(CLAIM))


# ---------------------------------------------------------------- waiting


def test_a_claim_waits_for_a_run_and_takes_it_when_it_comes(ledger: Ledger, bo: Api, now: Clock) -> None:
    bo.context.milliseconds = 29_000
    made: list[Run] = []

    def come() -> None:
        if now.sleeps == 3:
            made.append(ledger.offer())

    now.during = come
    assert claimed(bo.post(CLAIM, {"wait_seconds": 20})) == made[0].id
    assert now.sleeps == 3


def test_a_claim_waits_as_long_as_it_says_and_looks_about_once_a_second(
    ledger: Ledger, bo: Api, now: Clock, table: Table
) -> None:
    bo.context.milliseconds = 29_000
    bo.post(CLAIM)
    calls: Counter[str] = Counter()
    table.observe = lambda operation, _: calls.update([operation])
    began = now.monotonic
    assert bo.post(CLAIM, {"wait_seconds": 10}).status == 204
    assert 8 < now.monotonic - began <= 10
    looks = now.sleeps + 1
    assert 8 <= looks <= 16
    # The caller's own personal runs are looked for once.
    assert calls == {"query": 4 * looks + 4}


def test_a_claim_does_not_wait_longer_than_its_invocation_has_time(ledger: Ledger, bo: Api, now: Clock) -> None:
    began = now.monotonic
    assert bo.post(CLAIM, {"wait_seconds": 20}).status == 204
    assert now.monotonic - began <= 9 - 3


def test_a_task_can_be_waited_for(ledger: Ledger, bo: Api, now: Clock) -> None:
    run = ledger.offer(dispatched=False)
    now.during = lambda: ledger.change(run, dispatched_at=clock.now())
    assert claimed(bo.post(CLAIM, {"task": run.task_id, "wait_seconds": 5})) == run.id
    assert now.sleeps == 1


# ---------------------------------------------------------------- keeping, giving back


def test_a_heartbeat_moves_the_leases_end_and_nothing_else(ledger: Ledger, bo: Api, now: Clock) -> None:
    run = ledger.offer()
    bo.post(CLAIM, {"lease_seconds": 60})
    now.pass_by(30)
    answer = bo.post(path(run, "heartbeat"), {"lease_seconds": 60}, headers={"claim-fence": "1"})
    assert answer.json == {
        "task": run.task_id,
        "run": run.id,
        "status": "in_progress",
        "holder": "agent_bo",
        "fence": 1,
        "lease_until": clock.stamp(now.seconds + 60),
    }


def test_a_released_run_is_offered_again_and_its_task_waits(ledger: Ledger, bo: Api, eve: Api) -> None:
    run = ledger.offer()
    bo.post(CLAIM)
    answer = bo.post(path(run, "release"), headers={"claim-fence": "1"})
    assert (answer.status, answer.json["status"], answer.json["holder"]) == (200, "queued", None)
    assert ledger.task_of(run).status == "todo"
    assert eve.post(CLAIM).json["fence"] == 2


@pytest.mark.parametrize("action", ["heartbeat", "release"])
def test_only_the_holder_of_a_live_lease_keeps_or_releases(
    ledger: Ledger, bo: Api, eve: Api, now: Clock, action: str
) -> None:
    run = ledger.offer()
    assert bo.post(path(run, action)).json["code"] == "stale_fence"
    bo.post(CLAIM, {"lease_seconds": 10})
    assert eve.post(path(run, action)).json["code"] == "leased"
    assert bo.post(path(run, action), headers={"claim-fence": "2"}).json["code"] == "stale_fence"
    now.pass_by(11)
    assert bo.post(path(run, action)).json["code"] == "stale_fence"


@pytest.mark.parametrize("action", ["heartbeat", "release"])
def test_a_cancelled_run_is_nobodys(ledger: Ledger, bo: Api, action: str) -> None:
    run = ledger.offer()
    bo.post(CLAIM)
    ledger.change(run, status="cancelled")
    assert bo.post(path(run, action), headers={"claim-fence": "1"}).json["code"] == "stale_fence"


@pytest.mark.parametrize("seconds", [9, 86_401, 1.5, "60", None, True])
def test_a_heartbeat_out_of_bounds_is_refused(ledger: Ledger, bo: Api, seconds: Any) -> None:
    run = ledger.offer()
    bo.post(CLAIM)
    answer = bo.post(path(run, "heartbeat"), {"lease_seconds": seconds})
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "lease_seconds")


@pytest.mark.parametrize("action", ["heartbeat", "release"])
def test_an_invalid_id_is_refused_and_an_unknown_run_is_not_found(ledger: Ledger, bo: Api, action: str) -> None:
    run = ledger.offer()
    assert bo.post(f"/v1/runs/{run.task_id}/{new_id()}/{action}").status == 404
    assert bo.post(f"/v1/runs/{new_id()}/{run.id}/{action}").status == 404
    assert bo.post(f"/v1/runs/x/{run.id}/{action}").json["errors"][0]["field"] == "task_id"
    assert bo.post(f"/v1/runs/{run.task_id}/x/{action}").json["errors"][0]["field"] == "run_id"


# ---------------------------------------------------------------- safe retries, costs


def test_a_claim_with_the_same_key_is_one_claim_and_does_not_wait_again(ledger: Ledger, bo: Api, now: Clock) -> None:
    ledger.offer()
    ledger.offer()
    key = {"idempotency-key": "draw-1"}
    first, again = (bo.post(CLAIM, {"wait_seconds": 5}, headers=key) for _ in range(2))
    assert (again.json, again.headers["idempotency-replayed"]) == (first.json, "true")
    assert claimed(bo.post(CLAIM)) != claimed(first)
    assert bo.post(CLAIM, {"wait_seconds": 5}, headers=key).json == first.json
    assert now.sleeps == 0
    assert bo.post(CLAIM, {"wait_seconds": 1}, headers=key).status == 409


def test_a_release_with_the_same_key_is_one_release(ledger: Ledger, bo: Api) -> None:
    run = ledger.offer()
    bo.post(CLAIM)
    key = {"idempotency-key": "give-back"}
    first = bo.post(path(run, "release"), headers=key)
    assert bo.post(path(run, "release"), headers=key).json == first.json


def test_a_claim_is_one_look_one_read_and_one_write(ledger: Ledger, bo: Api, table: Table) -> None:
    bo.post(CLAIM)
    for _ in range(8):
        ledger.offer()
    calls: Counter[str] = Counter()
    table.observe = lambda operation, _: calls.update([operation])
    assert claimed(bo.post(CLAIM))
    # The queries of a look run in parallel; run and task are read in one go.
    assert calls == {"query": 8, "batch_get_item": 1, "transact_write_items": 1}


def test_a_claim_of_the_run_of_a_task_is_one_read_and_one_write(ledger: Ledger, bo: Api, table: Table) -> None:
    run = ledger.offer()
    bo.get("/v1/me")  # who asks is remembered from now on
    calls: Counter[str] = Counter()
    table.observe = lambda operation, _: calls.update([operation])
    assert claimed(bo.post(CLAIM, {"task": run.task_id})) == run.id
    assert calls == {"query": 1, "transact_write_items": 1}


def test_a_heartbeat_is_one_write_while_lists_know_an_end_that_is_far_off(
    ledger: Ledger, bo: Api, table: Table, now: Clock
) -> None:
    run = ledger.offer()
    bo.post(CLAIM, {"lease_seconds": 300})
    calls: Counter[str] = Counter()
    table.observe = lambda operation, _: calls.update([operation])
    now.pass_by(60)
    assert bo.post(path(run, "heartbeat"), {"lease_seconds": 300}).status == 200
    assert calls == {"update_item": 1}
    now.pass_by(180)
    assert bo.post(path(run, "heartbeat"), {"lease_seconds": 300}).json["lease_until"] == clock.stamp(now.seconds + 300)
    # The write that was refused, which is not observed, showed the run: its task alone is read.
    assert calls == {"update_item": 2, "get_item": 1}


def test_a_heartbeat_with_an_idempotency_key_answers_the_same_again(ledger: Ledger, bo: Api, now: Clock) -> None:
    run, key = ledger.offer(), {"idempotency-key": "k"}
    bo.post(CLAIM, {"lease_seconds": 300})
    first = bo.post(path(run, "heartbeat"), {"lease_seconds": 300}, headers=key)
    now.pass_by(10)
    assert bo.post(path(run, "heartbeat"), {"lease_seconds": 300}, headers=key).json == first.json
