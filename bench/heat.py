"""How hot each partition gets while many tasks are created: the real writes, taken by a table that counts them.

What a create writes is gathered and committed by the ledger, and what follows by the pipeline's own projector, in
batches as the stream has them. Conditions are not checked: in one thread nobody competes.
"""

import json
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from switchyard.aws.sending import Outcome
from switchyard.domain import lifecycle, tracks
from switchyard.domain.actors import SCOPES, Actor, Shards
from switchyard.domain.ids import new_id
from switchyard.ledger import tracks as track_verbs
from switchyard.ledger.unit import Unit
from switchyard.pipeline.batches import Outbox
from switchyard.pipeline.projection import Projector
from switchyard.store import indexes
from switchyard.store import tracks as rows
from switchyard.store.idempotency import KeyUse
from switchyard.store.indexes import Index
from switchyard.store.table import Item, Table
from tests.support.stream import record
from tests.support.units import KB, size, table_write

#: Of a tenant: a create names one of each, in turn. Every second task is for whoever comes first.
ACTORS, PROJECTS, ASSIGNEES, GOALS = 50, 50, 200, 500
#: Records that the pipeline takes at once (template.yaml).
BATCH = 100
_SET, _ADD = re.compile(r"([#\w]+) = (:\w+)"), re.compile(r"([#\w]+) (:\w+)")


def entry(index: Index, item: Item | None) -> Item | None:
    """Return what an index holds of a row; None when the row is not in it."""
    if item is None or index.partition not in item or index.sort not in item:
        return None
    kept = {"pk", "sk", index.partition, index.sort, *index.projected}
    return {name: value for name, value in item.items() if name in kept}


class Heat(Table):
    """A table in memory; `load` has the units that were written to each partition, by index ("": the table)."""

    def __init__(self) -> None:
        super().__init__("heat", None)
        self.rows: dict[tuple[str, str], Item] = {}
        self.load: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def hottest(self) -> dict[str, int]:
        """Return the units that the hottest partition of the table and of each index took."""
        names = ["", *(each.name or "" for each in indexes.SECONDARY)]
        return {name: max(self.load[name].values()) for name in names if self.load[name]}

    def get(self, pk: str, sk: str) -> Item | None:
        return self.rows.get((pk, sk))

    def get_many(self, keys: Sequence[tuple[str, str]], *_: Any, **__: Any) -> dict[tuple[str, str], Item]:
        return {key: self.rows[key] for key in keys if key in self.rows}

    def query(self, **params: Any) -> tuple[list[Item], Item | None]:
        raise NotImplementedError("a create queries nothing")

    def write(self, actions: Sequence[Item], *_: Any, **__: Any) -> None:
        for action in actions:
            ((kind, params),) = action.items()
            key = params["Item"] if kind == "Put" else params["Key"]
            before = self.rows.get((key["pk"]["S"], key["sk"]["S"]))
            after = params["Item"] if kind == "Put" else _updated(before or dict(key), params)
            self._take(before, after, table_write(before, after, transaction=len(actions) > 1))

    def put_many(self, items: Sequence[Item]) -> None:
        for item in items:
            before = self.rows.get((item["pk"]["S"], item["sk"]["S"]))
            self._take(before, item, table_write(before, item))

    def _take(self, before: Item | None, after: Item, units: int) -> None:
        self.rows[after["pk"]["S"], after["sk"]["S"]] = after
        self.load[""][after["pk"]["S"]] += units
        for index in indexes.SECONDARY:
            held = entry(index, after)
            if held and held != entry(index, before):
                self.load[index.name or ""][held[index.partition]["S"]] += math.ceil(size(held) / KB)


def _updated(row: Item, params: Mapping[str, Any]) -> Item:
    """Return a row after an Update that sets attributes and adds to numbers, or after a ConditionCheck."""
    names, values = params.get("ExpressionAttributeNames", {}), params.get("ExpressionAttributeValues", {})
    sets, _, adds = params.get("UpdateExpression", "").partition("ADD ")
    after = dict(row)
    for name, value in _SET.findall(sets):
        after[names.get(name, name)] = values[value]
    for name, value in _ADD.findall(adds):
        was = int(after.get(names.get(name, name), {"N": "0"})["N"])
        after[names.get(name, name)] = {"N": str(was + int(values[value]["N"]))}
    return after


class _Bus:
    def send(self, entries: Sequence[Any], /) -> Outcome:
        return [None] * len(entries)


def second(creates: int, tenants: int, shards: int = 1) -> Heat:
    """Return what one second's creates of so many tenants lead to, spread evenly."""
    table, records = Heat(), list[Mapping[str, Any]]()
    ids = [new_id() for _ in range(tenants)]
    goals = [[_goal(table, each, shards) for _ in range(GOALS if tenants == 1 else 1)] for each in ids]
    table.load.clear()
    for number in range(creates):
        place, turn = number % tenants, number // tenants
        actor = Actor(
            ids[place], f"agent_{turn % ACTORS}", "agent", frozenset(SCOPES), "", shards=Shards(shards, shards)
        )
        unit = Unit(table, actor, new_id(), KeyUse(actor.tenant_id, actor.id, f"key-{number}", "f" * 64))
        made = track_verbs.create(
            unit,
            "task",
            f"Task {number}",
            status="todo",
            assignee=f"agent_{turn % ASSIGNEES}" if turn % 2 else None,
            priority=lifecycle.PRIORITIES[turn % len(lifecycle.PRIORITIES)],
            project_ids=(f"01981f5c-7a00-7000-8000-{turn % PROJECTS:012x}",),
            goal_id=goals[place][turn % len(goals[place])],
        )
        unit.commit(201, {}, json.dumps({"id": made.id}))
        records.append(record(None, rows.to_item(made), number))
    for first in range(0, creates, BATCH):
        outbox = Outbox()
        end = table.deadline = time.monotonic() + 60
        for each in records[first : first + BATCH]:
            Projector(table, _BUS, end, outbox).take(each)
        if failed := outbox.send():
            raise failed[0][1]
    return table


_BUS = _Bus()


def _goal(table: Heat, tenant_id: str, shards: int) -> str:
    actor = Actor(tenant_id, "user_ada", "user", frozenset(SCOPES), "", shards=Shards(shards, shards))
    goal = tracks.create(actor, "seed", "goal", "Goal")
    table.put_many([rows.to_item(goal)])
    return goal.id
