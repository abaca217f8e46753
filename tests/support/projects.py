"""A registered project, and tasks in it, for tests of the projects surface."""

from collections.abc import Sequence
from typing import Any

from switchyard.domain import clock, tracks
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.runs import Run
from switchyard.domain.structs import replace
from switchyard.domain.tenants import Project, Tenant
from switchyard.domain.tracks import Track
from switchyard.ledger import runs
from switchyard.ledger import tracks as verbs
from switchyard.ledger.unit import Unit
from switchyard.store import tenants
from switchyard.store import tracks as track_rows
from switchyard.store.table import Table


def a_tenant(table: Table, tenant: str, *names: str) -> list[Project]:
    """Write a tenant with a project of each name, numbered from 1."""
    made = [Project(tenant, new_id(), number, name, clock.now(), "user_ada") for number, name in enumerate(names, 1)]
    actions = [tenants.put_tenant(Tenant(tenant, "Acme", clock.now(), next_project=len(made) + 1))]
    for project in made:
        actions += tenants.put_project(project)
    table.write(actions)
    return made


def a_task(
    table: Table,
    project: Project,
    title: str = "A task",
    kind: TrackType = "task",
    by: str = "user_ada",
    number: int = 0,
    **fields: Any,
) -> Track:
    """Write a task (or goal) of the project, as another surface would have made it for the actor of a number."""
    ledger = Unit(table, Actor(project.tenant_id, by, "user", frozenset(SCOPES), "seed", number=number), new_id())
    track = verbs.create(ledger, kind, title, **{"project_ids": (project.id,), **fields})
    ledger.commit(201, {}, "")
    return track


def many_tasks(table: Table, project: Project, ids: Sequence[str]) -> None:
    """Write tasks with these ids, created a second apart, 25 a round trip."""
    actor = Actor(project.tenant_id, "user_ada", "user", frozenset(SCOPES), "seed")
    made = [
        replace(
            tracks.create(actor, "seed", "task", f"Task {number}", id=task_id, project_ids=(project.id,)),
            created_at=clock.stamp(1_780_000_000 + number),
        )
        for number, task_id in enumerate(ids)
    ]
    table.put_many([track_rows.to_item(each) for each in made])


def a_run(table: Table, task: Track, **fields: Any) -> Run:
    """Write a run of a task as it is, which becomes the task's latest."""
    ledger = Unit(table, Actor(task.tenant_id, "user_ada", "user", frozenset(SCOPES), "seed"), new_id())
    run = runs.create(ledger, ledger.get(task.id), **fields)
    ledger.commit(201, {}, "")
    return run
