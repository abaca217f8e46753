"""The next task of one that repeats: made when it is done, once."""

from switchyard.domain import lifecycle, repeats
from switchyard.domain.actors import Actor, ActorKind
from switchyard.domain.errors import Busy
from switchyard.domain.tracks import Track, is_agent_id
from switchyard.ledger import tracks
from switchyard.ledger.unit import Stale, Unit
from switchyard.store import contention, keys
from switchyard.store import tracks as rows
from switchyard.store.table import Table

#: What the next task has as the one before; neither its goal, which would never end, nor what it waited for.
_KEPT = (
    "description",
    "priority",
    "assignee",
    "assignee_type",
    "owner",
    "project_ids",
    "labels",
    "related_type",
    "related_id",
    "metadata",
    "repository",
    "origin_product",
    "idle_seconds",
    "timeout_seconds",
    "requires_approval",
    "repeat",
    "repeat_from",
    "remind",
)


def make_next(table: Table, tenant_id: str, task_id: str, request_id: str) -> Track | None:
    """Make the next task of one that is done; None when there is none to make, or it is made.

    The rule goes over to the next task in the same conditional write, so that of many that try, however often, one
    makes it. 1 round trip to read, 1 more for a parent, 1 to write. Raises Busy.
    """
    for _ in contention.a_few_times():
        row_key = keys.track(tenant_id, task_id)
        row = table.get(*row_key)
        task = rows.from_item(row) if row and rows.is_live(row) else None
        if row is None or task is None or not task.repeat or not lifecycle.is_done(task.status):
            return None
        unit = Unit(table, _creator(task), request_id)
        unit.note_read(row_key, row)
        due = repeats.next_due(task.repeat, task.repeat_from, task.due, task.completed_at or task.updated_at)
        made = _next(unit, task, due) if due else None
        tracks.follow(unit, task, repeat=None, repeat_from=None)
        try:
            unit.commit(200, {}, "")
        except Stale:
            continue
        return made
    raise Busy(f"The task {task_id} kept changing.")


def _creator(task: Track) -> Actor:
    """Return the actor in whose name the next task is made: the one that made the first, who owns a personal one."""
    kind: ActorKind = "agent" if is_agent_id(task.created_by) else "user"
    name, number = task.created_by_name or "", task.created_by_number or 0
    return Actor(task.tenant_id, task.created_by, kind, frozenset(), "", name, "schedule", number)


def _next(unit: Unit, task: Track, due: str) -> Track:
    fields = {name: getattr(task, name) for name in _KEPT}
    if task.parent_id and task.parent_id in unit.find([task.parent_id]):
        fields["parent_id"] = task.parent_id
    return tracks.create(unit, "task", task.title, status="todo", due=due, **fields)
