"""The little world that the sample events under events/ speak of: fixed ids in one tenant."""

from switchyard.domain.actors import SCOPES, Actor
from switchyard.ledger.unit import Unit
from switchyard.store.table import Table

GOAL = "01981f5c-7a00-7000-8000-00000000000a"
TASK = "01981f5c-7a00-7000-8000-00000000000b"
BLOCKER = "01981f5c-7a00-7000-8000-00000000000c"

#: A track of a tenant other than the sample events'.
FOREIGN = "01981f5c-7a00-7000-8000-0000000000ff"


def build(table: Table, tenant: str) -> None:
    """Write what the sample events need: a goal, a task of it, and what that task waits for."""
    ledger = _ledger(table, tenant)
    ledger.create("goal", "Ship docs v1", id=GOAL, project_ids=("docs",), status="on_track", progress=40)
    ledger.create("task", "Write API docs", id=BLOCKER, project_ids=("docs",), status="in_progress")
    ledger.create(
        "task",
        "Review API docs",
        id=TASK,
        project_ids=("docs",),
        status="todo",
        goal_id=GOAL,
        depends_on=(BLOCKER,),
    )
    ledger.commit(200, {}, "")


def build_foreign(table: Table, tenant: str) -> None:
    """Write a track that callers of other tenants must not notice."""
    ledger = _ledger(table, tenant)
    ledger.create("task", "Secret", id=FOREIGN, project_ids=("docs",))
    ledger.commit(200, {}, "")


def _ledger(table: Table, tenant: str) -> Unit:
    return Unit(table, Actor(tenant, "user_ada", "user", frozenset(SCOPES), "world"), "world")
