"""Runs in the ledger: what a run's status means for its task, and who may change a run."""

import pytest

from switchyard.domain import clock
from switchyard.domain.actors import SCOPES, Actor, service_actor
from switchyard.domain.claims import Leased, NotClaimable, StaleFence
from switchyard.domain.errors import Conflict, NotFound
from switchyard.domain.ids import new_id
from switchyard.domain.runs import Finished, Run
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.ledger import claims, runs, system, tracks
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import keys
from switchyard.store import runs as run_rows
from switchyard.store import tracks as track_rows
from switchyard.store.table import Table


def unit(table: Table, tenant: str, actor: str = "agent_bo", fence: int | None = None) -> Unit:
    kind = "agent" if actor.startswith("agent_") else "user"
    return Unit(table, Actor(tenant, actor, kind, frozenset(SCOPES), "t"), new_id(), fence=fence)


@pytest.fixture
def task(table: Table, tenant: str) -> Track:
    ledger = unit(table, tenant, "user_ada")
    made = tracks.create(ledger, "task", "Write docs", status="todo", assignee="agent_bo", assignee_type="agent")
    ledger.commit(200, {}, "")
    return made


@pytest.fixture
def offered(table: Table, tenant: str, task: Track) -> Run:
    """A run that waits for an agent."""
    ledger = unit(table, tenant, "user_ada")
    run = runs.create(ledger, ledger.get(task.id), dispatched_at=clock.now())
    ledger.commit(200, {}, "")
    return run


def current(table: Table, run: Run) -> tuple[Track, Run]:
    task, found = system.load(table, run.tenant_id, run.task_id, run.id)
    assert task
    assert found
    return task, found


def claim(table: Table, run: Run, actor: str = "agent_bo", seconds: int = 60) -> Run:
    ledger = unit(table, run.tenant_id, actor)
    task, found = runs.find(ledger, run.task_id, run.id)
    after = runs.claim(ledger, task, found, seconds)
    ledger.commit(200, {}, "")
    return after


def change(table: Table, run: Run, actor: str = "agent_bo", fence: int | None = None, **fields: object) -> None:
    ledger = unit(table, run.tenant_id, actor, fence)
    runs.change(ledger, *runs.find(ledger, run.task_id, run.id), **fields)
    ledger.commit(200, {}, "")


def test_a_new_run_is_the_tasks_latest_and_keeps_it_out_of_the_pool(table: Table, offered: Run) -> None:
    task, run = current(table, offered)
    assert (task.latest_run_id, task.latest_run_status, task.status) == (run.id, "queued", "todo")
    assert run.agent == "agent_bo"
    ledger = unit(table, task.tenant_id)
    with pytest.raises(NotClaimable, match="under way"):
        claims.claim(ledger, task, 60)
    assert "ready" not in track_rows.to_item(task)


def test_a_row_gives_back_the_run_it_was_made_of(offered: Run) -> None:
    full = replace(offered, output={"a": [1]}, state={"mode": "background"}, artifacts=({"id": "x"},), fence=3)
    assert run_rows.from_item(run_rows.to_item(full)) == full


@pytest.mark.parametrize(
    ("status", "left"),
    [("in_progress", "in_progress"), ("completed", "done"), ("failed", "todo"), ("cancelled", "todo")],
)
def test_a_runs_status_is_carried_to_its_task(table: Table, offered: Run, status: str, left: str) -> None:
    change(table, offered, status="in_progress")
    change(table, offered, status=status)
    task, run = current(table, offered)
    assert (task.status, task.latest_run_status) == (left, status)
    assert (run.completed_at is not None) == run.is_final


def test_a_final_status_is_reached_once(table: Table, offered: Run) -> None:
    change(table, offered, status="completed", output={"pr": 1})
    with pytest.raises(Finished):
        change(table, offered, status="failed")
    change(table, offered, output={"pr": 2})
    assert current(table, offered)[1].output == {"pr": 2}


def test_an_older_run_says_nothing_of_the_task_any_more(table: Table, tenant: str, offered: Run) -> None:
    ledger = unit(table, tenant, "user_ada")
    newer = runs.create(ledger, ledger.get(offered.task_id))
    ledger.commit(200, {}, "")
    change(table, offered, status="failed")
    task, _ = current(table, newer)
    assert (task.latest_run_id, task.latest_run_status, task.status) == (newer.id, "queued", "todo")


def test_a_task_that_was_finished_meanwhile_keeps_its_status(table: Table, tenant: str, offered: Run) -> None:
    ledger = unit(table, tenant, "user_ada")
    tracks.change(ledger, ledger.get(offered.task_id), status="cancelled")
    ledger.commit(200, {}, "")
    change(table, offered, status="failed")
    task, _ = current(table, offered)
    assert (task.status, task.latest_run_status) == ("cancelled", "failed")
    ledger = unit(table, tenant, "user_ada")
    with pytest.raises(Conflict, match="cancelled"):
        runs.create(ledger, ledger.get(task.id))


def test_a_claimed_run_is_changed_by_its_holder_and_cancelled_by_anyone(table: Table, offered: Run) -> None:
    claimed = claim(table, offered)
    assert (claimed.status, claimed.fence, claimed.holder) == ("in_progress", 1, "agent_bo")
    with pytest.raises(Leased):
        change(table, offered, "user_ada", stage="build")
    change(table, offered, fence=1, stage="build")
    with pytest.raises(StaleFence):
        change(table, offered, fence=2, stage="plan")
    change(table, offered, "user_ada", status="cancelled")
    task, run = current(table, offered)
    assert (run.status, run.holder, task.status) == ("cancelled", None, "todo")


def test_a_run_is_claimed_by_whom_it_is_meant_for_and_only_when_offered(
    table: Table, tenant: str, offered: Run
) -> None:
    with pytest.raises(NotClaimable, match="agent_bo"):
        claim(table, offered, "agent_eve")
    claim(table, offered)
    with pytest.raises(Leased):
        claim(table, offered)


def test_a_lease_that_ran_out_can_be_taken_over_with_a_higher_fence(table: Table, offered: Run) -> None:
    claim(table, offered, seconds=0)
    again = claim(table, offered)
    assert again.fence == 2
    with pytest.raises(StaleFence):
        change(table, offered, fence=1, status="completed")


def test_a_released_run_is_offered_again(table: Table, offered: Run) -> None:
    claim(table, offered)
    ledger = unit(table, offered.tenant_id)
    runs.release(ledger, *runs.find(ledger, offered.task_id, offered.id))
    ledger.commit(200, {}, "")
    task, run = current(table, offered)
    assert (run.status, run.holder, task.status) == ("queued", None, "todo")
    assert claim(table, offered).fence == 2


def test_extending_moves_the_lease_without_a_new_version(table: Table, offered: Run) -> None:
    claimed = claim(table, offered)
    ledger = unit(table, offered.tenant_id, fence=1)
    runs.extend(ledger, runs.find(ledger, offered.task_id, offered.id)[1], 3600)
    ledger.commit(200, {}, "")
    _, run = current(table, offered)
    assert run.version == claimed.version
    assert (run.lease_until or "") > (claimed.lease_until or "")
    assert (run.heartbeat_at or "") >= (claimed.heartbeat_at or "")


def test_of_two_claims_that_read_the_same_row_one_is_stale(table: Table, offered: Run) -> None:
    first, second = unit(table, offered.tenant_id), unit(table, offered.tenant_id)
    for each in (first, second):
        runs.claim(each, *runs.find(each, offered.task_id, offered.id), 60)
    first.commit(200, {}, "")
    with pytest.raises(Stale):
        second.commit(200, {}, "")


def test_the_service_settles_a_run_whoever_holds_it(table: Table, offered: Run) -> None:
    claim(table, offered)
    actor = service_actor(offered.tenant_id)
    decide = lambda run: None if run.is_final else {"status": "failed", "error_message": "gone"}  # noqa: E731
    for _ in range(2):
        system.change_run(table, actor, "r", offered.task_id, offered.id, decide)
    task, run = current(table, offered)
    assert (run.status, run.error_message, run.holder, task.status) == ("failed", "gone", None, "todo")


def test_settling_a_run_whose_task_was_deleted_changes_the_run_alone(table: Table, tenant: str, offered: Run) -> None:
    ledger = unit(table, tenant, "user_ada")
    tracks.delete(ledger, ledger.get(offered.task_id))
    ledger.commit(200, {}, "")
    system.change_run(table, service_actor(tenant), "r", offered.task_id, offered.id, lambda _: {"status": "cancelled"})
    row = table.get(*keys.run(tenant, offered.task_id, offered.id))
    assert row
    assert run_rows.from_item(row).status == "cancelled"
    assert system.change_run(table, service_actor(tenant), "r", offered.task_id, new_id(), lambda _: {}) is None


def test_a_run_of_an_invisible_task_is_not_found(table: Table, tenant: str, offered: Run) -> None:
    with pytest.raises(NotFound):
        runs.find(unit(table, new_id()), offered.task_id, offered.id)
    with pytest.raises(NotFound):
        runs.find(unit(table, tenant), offered.task_id, new_id())


def test_a_tasks_runs_are_read_newest_first_page_by_page(table: Table, tenant: str, task: Track) -> None:
    made = []
    for _ in range(3):
        ledger = unit(table, tenant)
        made.append(runs.create(ledger, ledger.get(task.id)).id)
        ledger.commit(200, {}, "")
    page = run_rows.read_of_task(table, tenant, task.id, 2)
    assert [run_rows.from_item(each).id for each in page.items] == [made[2], made[1]]
    rest = run_rows.read_of_task(table, tenant, task.id, 2, page.position)
    assert [run_rows.from_item(each).id for each in rest.items] == [made[0]]
    assert rest.position is None


# ---------------------------------------------------------------- leaving the workflow, and coming back


def test_a_run_handed_to_a_local_session_leaves_holder_and_workflow(table: Table, offered: Run) -> None:
    claim(table, offered)
    change(table, offered, "user_ada", environment="local")
    _, run = current(table, offered)
    assert (run.status, run.holder, run.dispatched_at) == ("in_progress", None, None)
    assert run.is_outside
    with pytest.raises(StaleFence):
        change(table, offered, fence=1, output={"late": True})
    with pytest.raises(NotClaimable):
        claim(table, offered)


def test_only_what_ends_a_claim_is_open_to_others(table: Table, offered: Run) -> None:
    claim(table, offered)
    for fields in ({"environment": "local", "stage": "x"}, {"status": "cancelled", "output": 1}, {"status": "failed"}):
        with pytest.raises(Leased):
            change(table, offered, "user_ada", **fields)


def test_a_run_comes_back_to_the_workflow_under_a_new_execution(table: Table, tenant: str, offered: Run) -> None:
    claim(table, offered)
    change(table, offered, "user_ada", environment="local")
    assert current(table, offered)[1].execution == offered.id
    ledger = unit(table, tenant, "user_ada")
    runs.resume(ledger, *runs.find(ledger, offered.task_id, offered.id), state={"mode": "interactive"})
    ledger.commit(200, {}, "")
    task, run = current(table, offered)
    assert (run.status, run.environment, run.execution) == ("queued", "cloud", f"{offered.id}-1")
    assert run.is_startable
    assert (task.latest_run_status, run.fence) == ("queued", 1)
    change(table, offered, status="failed")
    ledger = unit(table, tenant, "user_ada")
    runs.resume(ledger, *runs.find(ledger, offered.task_id, offered.id))
    ledger.commit(200, {}, "")
    _, run = current(table, offered)
    assert (run.completed_at, run.error_message, run.execution) == (None, None, f"{offered.id}-2")


def test_a_run_of_a_finished_task_does_not_come_back(table: Table, tenant: str, offered: Run) -> None:
    change(table, offered, status="completed")
    ledger = unit(table, tenant, "user_ada")
    with pytest.raises(Conflict, match="done"):
        runs.resume(ledger, *runs.find(ledger, offered.task_id, offered.id))


def test_what_has_begun_is_not_taken_back(table: Table, offered: Run) -> None:
    with pytest.raises(Conflict, match="cannot become not_started again"):
        change(table, offered, status="not_started")


def test_a_change_of_a_run_in_progress_is_a_sign_of_life(table: Table, offered: Run) -> None:
    claimed = claim(table, offered)
    change(table, offered, stage="build")
    _, run = current(table, offered)
    assert (run.version, run.heartbeat_at) == (claimed.version + 1, run.updated_at)


def test_a_task_counts_its_runs(table: Table, tenant: str, task: Track) -> None:
    for _ in range(2):
        ledger = unit(table, tenant, "user_ada")
        made = runs.create(ledger, ledger.get(task.id))
        ledger.commit(200, {}, "")
    assert current(table, made)[0].run_count == 2


def test_a_change_whose_answer_was_lost_is_not_refused_when_it_is_decided_again(table: Table, offered: Run) -> None:
    claim(table, offered)
    ledger = unit(table, offered.tenant_id, fence=1)
    runs.change(ledger, *runs.find(ledger, offered.task_id, offered.id), status="completed")
    ledger.commit(200, {}, "")
    again = Unit(table, ledger.actor, ledger.request_id, fence=1, attempt=1)
    after = runs.change(again, *runs.find(again, offered.task_id, offered.id), status="completed")
    assert after.status == "completed"
    calls: list[str] = []
    table.observe = lambda operation, _answer: calls.append(operation)
    again.commit(200, {}, "")
    assert calls == []
