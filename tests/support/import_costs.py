"""What a bulk import costs on AWS, counted: units a track, and what a million of them come to.

The table of it stands in docs/importing.md.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.cost import PRICES
from switchyard.aws.objects import ObjectStore
from switchyard.http.container import use_table
from switchyard.store.table import Table
from tests.support.http import Api
from tests.support.import_job import Job
from tests.support.projects import a_tenant
from tests.support.stream import Stream
from tests.support.template import ROOT, table_definition
from tests.support.units import Meter

PAGE = ROOT / "docs/importing.md"
#: Lines of one transaction, half of what it has room for, so that the count is quick; each makes a track.
LINES = 24
#: Write units that a partition takes in a second, which an index has of a tenant's tracks. Source: the DynamoDB
#: developer guide, "Best practices for designing and using partition keys effectively".
PARTITION = 1_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What a track costs: units that the import and the pipeline write, units read, events; `busiest` are the units
    that the index writes which takes most."""

    name: str
    written: float
    followed: float
    read: float
    events: float
    busiest: float

    @property
    def dollars(self) -> float:
        """USD for a million."""
        prices = PRICES["dynamodb"]
        units = (self.written + self.followed) * prices["writes_per_million"] + self.read * prices["reads_per_million"]
        return float(units + self.events * PRICES["events"]["custom_per_million"])

    @property
    def minutes(self) -> int:
        """Minutes that a million take at least."""
        return math.ceil(self.busiest * 1_000_000 / PARTITION / 60)


class Costs:
    """Imports of one tenant over one table."""

    def __init__(self, client: Any, table: str, tenant: str, caller: Callable[[], Api], bucket: ObjectStore) -> None:
        self.meter = Meter(client, table_definition())
        self.table, self.plain = Table(table, self.meter), Table(table, client)
        self.tenant, self.bucket = tenant, bucket
        use_table(self.plain)
        self.api = caller()
        self.project = a_tenant(self.plain, tenant, "Docs")[0].id
        self._import({}, [_line("task-1"), _line("task-2"), {"externalId": "goal", "title": "A book", "goal": {}}])

    def count(self) -> list[Cost]:
        """Count a chain of tasks that depend on the two before, with little else, and with what most lists look at."""
        scope = {"type": "projects", "ids": [self.project]}
        more = {"goalId": "goal", "assignee": "agent_bo", "dueDate": "2027-01-31"}
        return [
            self._chain("two dependencies", 3, {}, {}),
            self._chain("project, goal, assignee and due date too", 3 + LINES, scope, more),
        ]

    def _chain(self, name: str, first: int, scope: Mapping[str, Any], more: Mapping[str, Any]) -> Cost:
        numbers = range(first, first + LINES)
        lines = [_line(f"task-{n}", dependsOn=[f"task-{n - 1}", f"task-{n - 2}"], **more) for n in numbers]
        return self._import(scope, lines, name)

    def _import(self, scope: Mapping[str, Any], lines: list[dict[str, Any]], name: str = "") -> Cost:
        job = Job(self.api, self.plain, self.bucket).create(scope or None)
        job.upload(lines)
        job.start()
        job.sort()
        stream = Stream(self.table, self.tenant)
        stream.rows = stream.scan()
        job.table = self.table
        self.meter.clear()
        while not job.apply_chunks(1):
            pass
        written, busiest, read = self.meter.written, max(_indexes(self.meter), default=0), self.meter.read
        self.meter.clear()
        stream.settle()
        read += self.meter.read
        sums = (written, self.meter.written, read, len(stream.bus.taken), busiest)
        job.table = self.plain
        job.end()
        counts = job.shown()["counts"]
        assert counts["created"] == len(lines), counts
        return Cost(name, *(each / len(lines) for each in sums))


def _line(name: str, **task: Any) -> dict[str, Any]:
    told = "As it was told, and somewhat longer. " * 4
    return {"externalId": name, "title": f"Write {name} of the book", "description": told, "task": task}


def _indexes(meter: Meter) -> list[int]:
    return [units for index, units in meter.writes.items() if index]


def render(costs: list[Cost]) -> str:
    """Return what was counted as a Markdown table."""
    lines = [
        "| a task with | units written | by the pipeline | units read | events | a million, USD | minutes at least |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in costs:
        figures = (each.written, each.followed, each.read, each.events)
        shown = " | ".join(f"{figure:.1f}" for figure in figures)
        lines.append(f"| {each.name} | {shown} | {each.dollars:.2f} | {each.minutes} |")
    return "\n".join(lines)
