"""`python -m bench.scale [--write]`: how far the table carries, from the keys and the projections that are deployed.

No table is written. What creates write, and what the pipeline makes of it, is counted by partition (bench/heat.py);
DynamoDB gives a partition 1,000 units of writing and 3,000 of reading a second (DynamoDB developer guide, "Best
practices for designing and using partition keys"). Pages are read by the store's own code from an index of so many
rows, which is made up as it is asked for.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from bench import heat
from bench.page import write
from switchyard.domain import lifecycle, tracks
from switchyard.domain.actors import SCOPES, Actor, Shards
from switchyard.domain.ids import new_id
from switchyard.store import indexes, lists, shards
from switchyard.store import tracks as rows
from switchyard.store.indexes import Index
from switchyard.store.lists import Range
from switchyard.store.table import Item, Table
from tests.support.units import read, size

WRITES_A_SECOND = 10_000
PARTITION_WRITES = 1_000
#: Creates that are counted; the rest of the second is as they are.
SAMPLE = 2_000
SHARDS, LIMIT = 16, 25
#: Tenants, and the shards of their lists.
LOADS = {"1 tenant": (1, 1), f"1 tenant, {SHARDS} shards": (1, SHARDS), "1,000 tenants": (1_000, 1)}
SIZES = (1_000, 10_000, 100_000, 1_000_000)
#: One task in so many is in progress; of the others, every second is done.
RARE = 1_000
PAGES: Mapping[str, tuple[Index, tuple[str, ...]]] = {
    "all, newest first": (indexes.LISTED_BY_ID, ()),
    "of a usual status": (indexes.LISTED_BY_RANK, ("todo",)),
    "of a status that one task in 1,000 has": (indexes.LISTED_BY_RANK, ("in_progress",)),
    "of an assignee, of any status": (indexes.BY_ASSIGNEE, lifecycle.TASK_STATUSES),
    "of a project, of a usual status": (indexes.BY_PROJECT, ("todo",)),
    "of an unusual priority, of a status that one task in 1,000 has": (indexes.BY_PRIORITY, ("in_progress",)),
    "of a goal, of a usual status": (indexes.OF_GOAL, ("todo",)),
}
#: Those of them whose lists have shards.
SHARDED = tuple(name for name, (index, _) in PAGES.items() if index.partition in shards.SHARDED)


def task() -> Item:
    """Return the row of a task that is in every list that a page is read from."""
    actor = Actor(new_id(), "user_ada", "user", frozenset(SCOPES), new_id())
    made = tracks.create(
        actor,
        "seed",
        "task",
        "Task 1",
        status="todo",
        assignee="agent_1",
        priority="urgent",
        project_ids=("project-1",),
        goal_id="goal-1",
    )
    return rows.to_item(made)


class MadeUp(Table):
    """An index of so many tasks, numbered by age, in one partition or in the shards that they are created in."""

    def __init__(self, index: Index, item: Item, count: int, over: int = 1) -> None:
        super().__init__("made-up", None)
        self.index, self.item, self.count, self.over = index, item, count, Shards(over, over)
        self.units = 0.0

    def row(self, number: int) -> Item:
        """Return the row of a task by its number."""
        status = "in_progress" if number % RARE == 0 else "done" if number % 2 else "todo"
        task_id = f"{number:036d}"
        rank = f"{lifecycle.code('task', status)}#{task_id}"
        return {**self.item, "pk": {"S": task_id}, "id": {"S": task_id}, "rank": {"S": rank}, "status": {"S": status}}

    def query(self, **params: Any) -> tuple[list[Item], Item | None]:
        """Answer a query of the newest in a range, as DynamoDB does: at most `Limit` of them, and where to go on."""
        low, high = (params["ExpressionAttributeValues"][name]["S"] for name in (":low", ":high"))
        start = params.get("ExclusiveStartKey", {self.index.sort: {"S": high}})[self.index.sort]["S"]
        _, _, shard = params["ExpressionAttributeValues"][":p"]["S"].partition("#")[0].partition("+")
        found = list(islice(self._newest(int(shard or 0), low, start), params["Limit"] + 1))
        held = [heat.entry(self.index, each) or {} for each in found[: params["Limit"]]]
        self.units += read([size(each) for each in held], consistent=False)
        return held, held[-1] if len(found) > params["Limit"] else None

    def _newest(self, shard: int, low: str, below: str) -> Iterator[Item]:
        for number in range(self.count - 1, -1, -1):
            if self.over.written > 1 and self.over.of(f"{number:036d}") != shard:
                continue
            row = self.row(number)
            if low <= row[self.index.sort]["S"] < below:
                yield row

    def get_many(self, keys: Sequence[tuple[str, str]], consistent: bool = True) -> dict[tuple[str, str], Item]:
        self.units += sum(read([size(self.item)], consistent=consistent) for _ in keys)
        return {(pk, sk): self.row(int(pk)) for pk, sk in keys}


def page(index: Index, item: Item, statuses: Sequence[str], count: int, over: int = 1) -> float:
    """Return the units of reading that the first page of a list takes among so many tasks, in so many shards."""
    table = MadeUp(index, item, count, over)
    partition = item[index.partition]["S"]
    prefixes = [f"{lifecycle.code('task', status)}#" for status in statuses] or [""]
    tenant = partition.partition("#")[0]
    actor = Actor(tenant, "user_ada", "user", frozenset(SCOPES), "", shards=Shards(over, over))
    ranges = [Range(index, partition, prefix) for prefix in prefixes]
    lists.read_page(table, shards.of_tracks(ranges, actor), limit=LIMIT)
    return table.units


def render() -> str:
    """Return both tables in Markdown."""
    told = [heat.second(SAMPLE, tenants, count).hottest() for tenants, count in LOADS.values()]
    lines = [f"| hottest partition of | {' | '.join(f'{each} | seconds behind' for each in LOADS)} |"]
    lines.append("|---|" + "---|---|" * len(LOADS))
    for name in told[0]:
        units = [each[name] * WRITES_A_SECOND // SAMPLE for each in told]
        lines.append(f"| {name or 'the table'} | {' | '.join(f'{each:,} | {_behind(each)}' for each in units)} |")
    item = task()
    lines += ["", f"| page of {LIMIT}, units | {' | '.join(f'{each:,} tasks' for each in SIZES)} |"]
    lines.append("|---|" + "---|" * len(SIZES))
    for name, (index, statuses) in PAGES.items():
        lines.append(_row(name, [page(index, item, statuses, each) for each in SIZES]))
    for name in SHARDED:
        index, statuses = PAGES[name]
        units = [page(index, item, statuses, each, SHARDS) for each in SIZES]
        lines.append(_row(f"{name}, {SHARDS} shards", units))
    return "\n".join(lines)


def _row(name: str, units: Sequence[float]) -> str:
    return f"| {name} | {' | '.join(f'{each:g}' for each in units)} |"


def _behind(units: int) -> str:
    """Return by how many seconds a partition falls behind in each second of such a load."""
    return "none" if units <= PARTITION_WRITES else f"{units / PARTITION_WRITES - 1:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    options = parser.parse_args()
    text = render()
    print(text)
    if options.write:
        write("scale", text)


if __name__ == "__main__":
    main()
