"""Goal runs in the table: one row for the latest of each goal, and the tasks that it looks at."""

from switchyard.domain.goal_runs import TASKS_MAX, GoalRun
from switchyard.store import filters, indexes, keys, lists
from switchyard.store.codec import NEW, Codec, row_key
from switchyard.store.filters import Filter
from switchyard.store.lists import Range
from switchyard.store.packing import json_text
from switchyard.store.runs import shard
from switchyard.store.table import ConditionFailed, Item, Table

ROWS = Codec(
    GoalRun,
    lambda run: keys.goal_run(run.tenant_id, run.goal_id),
    columns={"counts": json_text(kept=True), "waiting_for": json_text(tuple, kept=True)},
    index_keys=lambda run: {"list": None if run.is_final else keys.runs_active(shard(run.id))},
)
to_item, from_item = ROWS.to_item, ROWS.from_item


def put(run: GoalRun, former: GoalRun | None) -> Item:
    """The action that begins a goal run, in the place of the former one: nobody may have begun another meanwhile."""
    return ROWS.put(run, ROWS.unchanged(former, "version") if former else NEW)


def update(before: GoalRun, after: GoalRun) -> Item:
    """The action that turns one version into the next."""
    return ROWS.update(before, after)


def wake(table: Table, tenant_id: str, goal_id: str) -> bool:
    """Note on the goal's run that something changed that it should look at: 1 write. False: nothing is under way."""
    action = {
        "Key": row_key(keys.goal_run(tenant_id, goal_id)),
        "UpdateExpression": "ADD woken :one",
        "ConditionExpression": "#status IN (:running, :waiting)",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":one": {"N": "1"},
            ":running": {"S": "running"},
            ":waiting": {"S": "waiting"},
        },
    }
    try:
        table.write([{"Update": action}])
    except ConditionFailed:
        return False
    return True


def read_tasks(table: Table, tenant_id: str, goal_id: str, owner: str | None) -> list[Item]:
    """Read the goal's tasks in the order of their numbers, the first TASKS_MAX: 1 query for each MB of them.

    They are those that all who see the goal may see, as the index has them: a moment late.
    """
    range_ = Range(indexes.BY_GOAL_NUMBER, keys.by_goal(keys.realm(tenant_id, owner), goal_id))
    return lists.read_page(table, [range_], limit=TASKS_MAX, descending=False, whole=False).items


def has_work(table: Table, tenant_id: str, goal_id: str, owner: str | None) -> bool:
    """Return whether the goal has an open task of an agent: 1 query for each MB of tasks until one is found."""
    wanted = Filter()
    wanted.add(filters.for_agents())
    wanted.add(filters.any_of("status", ["backlog", "todo", "in_progress", None]))
    range_ = Range(indexes.BY_GOAL_NUMBER, keys.by_goal(keys.realm(tenant_id, owner), goal_id))
    position: str | None = None
    while True:
        page = lists.read_page(table, [range_], limit=1, after=position, descending=False, row_filter=wanted)
        if page.items or page.position is None:
            return bool(page.items)
        position = page.position
