"""`python -m bench.scale [--write]`: how far the table carries, from the keys and the projections that are deployed.

No table is written. Creates of tasks are turned into rows by the store's own codec, and each index's entry is put to
its partition; DynamoDB gives a partition 1,000 units of writing and 3,000 of reading a second (DynamoDB developer
guide, "Best practices for designing and using partition keys"). Pages are read by the store's own code from an index
of so many rows, which is made up as it is asked for.
"""

import argparse
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from switchyard.domain import lifecycle, tracks
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.ids import new_id
from switchyard.store import indexes, lists
from switchyard.store import tracks as rows
from switchyard.store.indexes import Index
from switchyard.store.lists import Range
from switchyard.store.table import Item, Table
from tests.support.life import PAGE, page_with
from tests.support.units import KB, read, size

WRITES_A_SECOND = 10_000
PARTITION_WRITES = 1_000
PROJECTS, ASSIGNEES, LIMIT = 50, 200, 25
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


def tasks(count: int, tenants: int) -> list[Item]:
    """Return rows of tasks as one second's creates of so many tenants write them, spread evenly."""
    actors = [Actor(new_id(), "user_ada", "user", frozenset(SCOPES), new_id()) for _ in range(tenants)]
    made = (
        tracks.create(
            actors[number % tenants],
            "seed",
            "task",
            f"Task {number}",
            status="todo",
            assignee=f"agent_{number % ASSIGNEES}",
            priority=lifecycle.PRIORITIES[number % len(lifecycle.PRIORITIES)],
            project_ids=(f"project-{number % PROJECTS}",),
            goal_id=f"goal-{number % PROJECTS}",
        )
        for number in range(count)
    )
    return [rows.to_item(each) for each in made]


def entry(index: Index, item: Item) -> Item | None:
    """Return what an index holds of a row; None when the row is not in it."""
    if index.partition not in item or index.sort not in item:
        return None
    kept = {"pk", "sk", index.partition, index.sort, *index.projected}
    return {name: value for name, value in item.items() if name in kept}


def hottest(items: Sequence[Item]) -> dict[str, int]:
    """Return the units of writing that the hottest partition of each index takes, if all rows are put in one second."""
    found: dict[str, int] = {}
    for index in indexes.SECONDARY:
        load: Counter[str] = Counter()
        for item in items:
            if held := entry(index, item):
                load[held[index.partition]["S"]] += math.ceil(size(held) / KB)
        if load:
            found[index.name or ""] = max(load.values())
    return found


class MadeUp(Table):
    """An index of so many tasks in one partition, numbered by age."""

    def __init__(self, index: Index, item: Item, count: int) -> None:
        super().__init__("made-up", None)
        self.index, self.item, self.count = index, item, count
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
        found = list(islice(self._newest(low, start), params["Limit"] + 1))
        held = [entry(self.index, each) or {} for each in found[: params["Limit"]]]
        self.units += read([size(each) for each in held], consistent=False)
        return held, held[-1] if len(found) > params["Limit"] else None

    def _newest(self, low: str, below: str) -> Iterator[Item]:
        for number in range(self.count - 1, -1, -1):
            row = self.row(number)
            if low <= row[self.index.sort]["S"] < below:
                yield row

    def get_many(self, keys: Sequence[tuple[str, str]], consistent: bool = True) -> dict[tuple[str, str], Item]:
        self.units += sum(read([size(self.item)], consistent=consistent) for _ in keys)
        return {(pk, sk): self.row(int(pk)) for pk, sk in keys}


def page(index: Index, item: Item, statuses: Sequence[str], count: int) -> float:
    """Return the units of reading that the first page of a list takes among so many tasks."""
    table = MadeUp(index, item, count)
    partition = item[index.partition]["S"]
    prefixes = [f"{lifecycle.code('task', status)}#" for status in statuses] or [""]
    lists.read_page(table, [Range(index, partition, prefix) for prefix in prefixes], limit=LIMIT)
    return table.units


def render() -> str:
    """Return both tables in Markdown."""
    loads = {tenants: hottest(tasks(WRITES_A_SECOND, tenants)) for tenants in (1, 1_000)}
    lines = [
        "| index | hottest partition, 1 tenant | seconds behind | 1,000 tenants | seconds behind |",
        "|---|---|---|---|---|",
    ]
    for name in loads[1]:
        told = [f"{loads[each][name]:,} | {_behind(loads[each][name])}" for each in (1, 1_000)]
        lines.append(f"| {name} | {' | '.join(told)} |")
    (item,) = tasks(1, 1)
    lines += ["", f"| page of {LIMIT}, units | {' | '.join(f'{each:,} tasks' for each in SIZES)} |"]
    lines.append("|---|" + "---|" * len(SIZES))
    for name, (index, statuses) in PAGES.items():
        lines.append(f"| {name} | {' | '.join(f'{page(index, item, statuses, each):g}' for each in SIZES)} |")
    return "\n".join(lines)


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
        PAGE.write_text(page_with({"scale": text}))


if __name__ == "__main__":
    main()
