"""Goal runs in the table: one row for the latest of each goal, and the tasks that it looks at."""

import json
from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Any

from switchyard.domain.goal_runs import TASKS_MAX, GoalRun
from switchyard.store import keys, lists
from switchyard.store.differences import difference
from switchyard.store.lists import Filter, Range
from switchyard.store.runs import shard
from switchyard.store.table import ConditionFailed, Item, Table

_NUMBERS = frozenset({"max_parallel", "rounds", "woken", "seen", "version"})
_JSON = frozenset({"counts", "waiting_for"})
_NAMES = tuple(each.name for each in fields_of(GoalRun))


def to_item(run: GoalRun) -> Item:
    """Return the row of a goal run; while it is under way, with the key of the list of active runs that it is in."""
    pk, sk = keys.goal_run(run.tenant_id, run.goal_id)
    item: Item = {"pk": {"S": pk}, "sk": {"S": sk}}
    for name in _NAMES:
        value = getattr(run, name)
        if name in _JSON:
            item[name] = {"S": json.dumps(value, separators=(",", ":"))}
        elif value is not None:
            item[name] = {"N": str(value)} if name in _NUMBERS else {"S": value}
    if not run.is_final:
        item["list"] = {"S": keys.runs_active(shard(run.id))}
    return item


def from_item(item: Mapping[str, Any]) -> GoalRun:
    """Return the goal run of a row (also of a stream image)."""
    found: dict[str, Any] = {}
    for name in _NAMES:
        if name not in item:
            continue
        if name in _JSON:
            value = json.loads(item[name]["S"])
            found[name] = tuple(value) if name == "waiting_for" else value
        else:
            found[name] = int(item[name]["N"]) if name in _NUMBERS else item[name]["S"]
    return GoalRun(**found)


def put(run: GoalRun, former: GoalRun | None) -> Item:
    """The action that begins a goal run, in the place of the former one: nobody may have begun another meanwhile."""
    action: Item = {"Item": to_item(run), "ConditionExpression": "attribute_not_exists(pk)"}
    if former:
        action["ConditionExpression"] = "version = :was"
        action["ExpressionAttributeValues"] = {":was": {"N": str(former.version)}}
    return {"Put": action}


def update(before: GoalRun, after: GoalRun) -> Item:
    """The action that turns one version into the next."""
    return difference(to_item(before), to_item(after), ())


def wake(table: Table, tenant_id: str, goal_id: str) -> bool:
    """Note on the goal's run that something changed that it should look at: 1 write. False: nothing is under way."""
    pk, sk = keys.goal_run(tenant_id, goal_id)
    action = {
        "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
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
    range_ = Range(lists.BY_GOAL_NUMBER, keys.by_goal(keys.realm(tenant_id, owner), goal_id))
    return lists.read_page(table, [range_], limit=TASKS_MAX, descending=False, whole=False).items


def has_work(table: Table, tenant_id: str, goal_id: str, owner: str | None) -> bool:
    """Tell whether the goal has an open task of an agent: 1 query for each MB of tasks until one is found."""
    wanted = Filter()
    wanted.any_of("assignee_type", ["agent"])
    wanted.any_of("status", ["backlog", "todo", "in_progress", None])
    range_ = Range(lists.BY_GOAL_NUMBER, keys.by_goal(keys.realm(tenant_id, owner), goal_id))
    position: str | None = None
    while True:
        page = lists.read_page(table, [range_], limit=1, after=position, descending=False, row_filter=wanted)
        if page.items or page.position is None:
            return bool(page.items)
        position = page.position
