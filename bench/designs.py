"""`python -m bench designs [--write]`: what other designs of the indexes would cost, over the same life of a task.

The rows are those that the service writes. For each design their units are counted by DynamoDB's rules
(tests/support/units.py) as if the table had its indexes and the keys were as it has them.
"""

import argparse
import contextlib
import copy
import io
from dataclasses import dataclass
from typing import Any

from bench.page import write
from switchyard.aws.clients import make_client
from switchyard.domain import lifecycle
from switchyard.domain.ids import new_id
from switchyard.http.container import use_table
from switchyard.store import indexes
from switchyard.store.indexes import Index
from switchyard.store.table import Item, Table
from tests.support.http import Api
from tests.support.life import Life
from tests.support.moto_pool import moto
from tests.support.template import table_definition
from tests.support.tokens import issue
from tests.support.units import Meter, entry, read, size

LIMIT = 25
STEPS = {
    "create in the pool": "create",
    "claim the next": "claim",
    "edit of a title": "edit",
    "complete": "complete",
    "create in a project, with goal, assignee and due date": "create in a project",
    "a run: start, offer, claim, 10 log appends, end": "run",
}
#: A page of what lies together: its index.
PAGES = {
    "of all": indexes.LISTED_BY_ID,
    "of a usual status": indexes.LISTED_BY_RANK,
    "of what is ready": indexes.READY,
}
#: Rows that a page passes where the index does not tell them apart: as many as a page reads of a range at most for a
#: status that one open task in 1,000 has, and half an hour's where something changes each second.
RARE, HALF_HOUR = 1_000, 1_800
_FINAL = {lifecycle.code("task", status) for status in lifecycle.TASK_STATUSES if status in lifecycle.FINAL}


@dataclass(frozen=True, slots=True)
class Design:
    """Indexes that copy what lists show, and those that have the keys alone. Whether the keys by status tell open from
    closed alone, and those by update the hour alone, each followed by the id."""

    name: str
    copying: frozenset[str]
    keys_alone: frozenset[str]
    open_or_closed: bool = False
    by_hour: bool = False

    def definition(self) -> dict[str, Any]:
        """Return the template's table with this design's indexes."""
        made = copy.deepcopy(table_definition())
        made["GlobalSecondaryIndexes"] = [
            index for index in made["GlobalSecondaryIndexes"] if index["IndexName"] in self.copying | self.keys_alone
        ]
        for index in made["GlobalSecondaryIndexes"]:
            if index["IndexName"] in self.keys_alone:
                index["Projection"] = {"ProjectionType": "KEYS_ONLY"}
        return made

    def view(self, row: Item) -> Item:
        """Return a row of the table with the keys of this design."""
        seen = dict(row)
        for name in {"rank", "due_rank"} & set(row if self.open_or_closed else ()):
            letter, _, rest = row[name]["S"].partition("#")
            seen[name] = {"S": f"{letter in _FINAL:d}#{rest}"}
        if self.by_hour and "updated" in row:
            instant, _, track = row["updated"]["S"].partition("#")
            seen["updated"] = {"S": f"{instant[:13]}#{track}"}
        return seen

    def page(self, index: Index, row: Item, passed: int = LIMIT) -> float:
        """Return the units of a page that passes so many rows: a query, and the rows where it has keys alone."""
        name, seen = index.name or "", self.view(row)
        (made,) = (each for each in self.definition()["GlobalSecondaryIndexes"] if each["IndexName"] == name)
        units = read([size(entry(made, ("pk", "sk"), seen))] * passed, consistent=False)
        return units if name in self.copying else units + passed * read([size(seen)], consistent=False)

    def pages(self, row: Item) -> dict[str, float]:
        """Return the units of each page, of rows like this one."""
        rare, recent = RARE if self.open_or_closed else LIMIT, HALF_HOUR if self.by_hour else LIMIT
        return {name: self.page(index, row) for name, index in PAGES.items()} | {
            "of a rare status": self.page(indexes.LISTED_BY_RANK, row, rare),
            "of what changed last": self.page(indexes.LISTED_BY_UPDATE, row, recent),
        }


ALL = frozenset(index.name or "" for index in indexes.SECONDARY)
COPYING = frozenset(index.name or "" for index in indexes.SECONDARY if indexes.FIELDS in index.projected)
#: The trail of the tenant and that of an actor, which have copies in every design.
BY_ID = frozenset({"list-id", "home-id"})
#: What the rows of edges and members could list, and what is listed seldom.
DISPENSABLE = frozenset(
    {"of-goal", "of-parent", "of-dependency", "due", "priority-rank", "related-rank", "ready-project-rank"}
)
DESIGNS = (
    Design("as it is", COPYING, ALL - COPYING),
    Design("open or closed instead of each status", COPYING, ALL - COPYING, open_or_closed=True),
    Design("updates by the hour", COPYING, ALL - COPYING, by_hour=True),
    Design("keys alone, but for all by id", BY_ID, ALL - BY_ID),
    Design("all three", BY_ID, ALL - BY_ID, open_or_closed=True, by_hour=True),
    Design("all three, and 8 indexes", BY_ID, ALL - BY_ID - DISPENSABLE, open_or_closed=True, by_hour=True),
)


class AsSeen(Meter):
    """A meter that counts rows as a design's indexes would see them."""

    def __init__(self, client: Any, design: Design) -> None:
        super().__init__(client, design.definition())
        self.design = design

    def _row(self, table: str, key: Item) -> Item | None:
        row = super()._row(table, key)
        return row and self.design.view(row)


def live(client: Any, design: Design) -> tuple[dict[str, str], Item]:
    """Return what each step writes and what the pipeline adds, and the row of a task of the pool that is ready."""
    tenant, table = new_id(), Table(f"designs-{new_id()}", client)
    client.create_table(TableName=table.name, **table_definition())
    use_table(table)
    life = Life(
        AsSeen(client, design), table.name, tenant, lambda *who, **more: Api(issue(table, tenant, *who, **more))
    )
    life.live()
    row = next(row for row in client.scan(TableName=table.name)["Items"] if "ready" in row and "home" not in row)
    use_table(None)
    client.delete_table(TableName=table.name)
    return {STEPS[each.name]: f"{each.written} + {each.followed}" for each in life.steps if each.name in STEPS}, row


def render() -> str:
    """Return the table in Markdown."""
    lines = []
    with moto():
        client = make_client("dynamodb")
        for design in DESIGNS:
            steps, row = live(client, design)
            units, pages = [steps[each] for each in STEPS.values()], design.pages(row)
            if not lines:
                columns = [*STEPS.values(), *(f"page {each}" for each in pages)]
                lines = [f"| indexes | how many | {' | '.join(columns)} |", "|---|" + "---|" * (len(columns) + 1)]
            many = len(design.copying | design.keys_alone)
            told = " | ".join([*units, *(f"{each:g}" for each in pages.values())])
            lines.append(f"| {design.name} | {many} | {told} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(prog="bench designs", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args(arguments)
    with contextlib.redirect_stdout(io.StringIO()):
        text = render()
    print(text)
    if options.write:
        write("designs", text)
    return 0
