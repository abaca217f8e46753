"""Artifacts staged for a task's next run (contract: projects.md §5.2, §6)."""

import time

import pytest

from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.artifacts import Entry
from switchyard.domain.ids import new_id
from switchyard.domain.tenants import Project
from switchyard.domain.tracks import Track
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import staged as rows
from switchyard.store.table import Table
from switchyard.surfaces.projects import staged
from switchyard.surfaces.projects.surface import ViewError
from tests.support.projects import a_task, a_tenant

# ---------------------------------------------------------------- what a run takes


@pytest.fixture
def project(table: Table, tenant: str) -> Project:
    return a_tenant(table, tenant, "Build Box")[0]


@pytest.fixture
def task(table: Table, project: Project) -> Track:
    return a_task(table, project)


def stage(table: Table, task: Track, *ids: str, seconds: int = 60) -> list[Entry]:
    entries = [{"id": each, "name": f"{each}.txt"} for each in ids]
    until = int(time.time()) + seconds
    table.write([rows.put(task.tenant_id, task.id, each, until) for each in entries])
    return entries


def unit(table: Table, tenant: str) -> Unit:
    return Unit(table, Actor(tenant, "user_ada", "user", frozenset(SCOPES), "token"), new_id())


def refused(table: Table, task: Track, *ids: str) -> list[str]:
    with pytest.raises(ViewError) as error:
        staged.consume(unit(table, task.tenant_id), task, ids)
    assert error.value.status == 400
    assert error.value.body["detail"] == "Some pending_user_artifact_ids are invalid or expired"
    missing: list[str] = error.value.body["missing_artifact_ids"]
    return missing


def test_a_run_takes_staged_artifacts_in_the_order_it_names_them(table: Table, task: Track) -> None:
    a, b, c = stage(table, task, "a", "b", "c")
    work = unit(table, task.tenant_id)
    calls: list[str] = []
    table.observe = lambda operation, _: calls.append(operation)
    work.prefetch([task.id], rows=staged.row_keys(task.tenant_id, task.id, ["c", "a", "c"]))
    assert staged.consume(work, task, ["c", "a", "c"]) == (c, a)
    work.commit(200, {}, "")
    assert calls == ["batch_get_item", "transact_write_items"]
    assert refused(table, task, "a", "b", "c") == ["a", "c"]
    assert staged.consume(unit(table, task.tenant_id), task, ["b"]) == (b,)


def test_nothing_is_taken_when_one_is_missing(table: Table, task: Track) -> None:
    stage(table, task, "a")
    assert refused(table, task, "a", "unknown", "other") == ["unknown", "other"]
    assert staged.consume(unit(table, task.tenant_id), task, ["a"])


def test_an_expired_artifact_is_missing_although_its_row_is_there(table: Table, task: Track) -> None:
    stage(table, task, "late", seconds=0)
    stage(table, task, "soon", seconds=60)
    assert refused(table, task, "late", "soon") == ["late"]


def test_an_artifact_of_another_task_is_missing(table: Table, project: Project, task: Track) -> None:
    stage(table, a_task(table, project), "a")
    assert refused(table, task, "a") == ["a"]


def test_who_comes_second_has_to_decide_anew(table: Table, task: Track) -> None:
    stage(table, task, "a", "b")
    first, second = unit(table, task.tenant_id), unit(table, task.tenant_id)
    staged.consume(first, task, ["a"])
    staged.consume(second, task, ["b", "a"])
    first.commit(200, {}, "")
    with pytest.raises(Stale):
        second.commit(200, {}, "")
    assert staged.consume(unit(table, task.tenant_id), task, ["b"])
