"""Runs in the table: rows in their task's partition, index keys, and the conditional writes that change one."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from functools import partial
from typing import Any

from switchyard.domain import clock
from switchyard.domain.actors import Actor
from switchyard.domain.runs import Run
from switchyard.store import keys
from switchyard.store.differences import difference
from switchyard.store.lists import READY, TABLE, Filter, Page, Range, fitting, read_page, side_by_side
from switchyard.store.table import Item, Table

_NUMBERS = frozenset(
    {
        "version",
        "fence",
        "lease_seconds",
        "dispatches",
        "resumes",
        "idle_seconds",
        "timeout_seconds",
        "pickup_seconds",
    }
)
_JSON = frozenset({"output", "state", "artifacts"})
_NAMES = tuple(each.name for each in fields_of(Run))
_MOVING = ("lease_until",)

#: Partitions over which the runs that are not finished are spread, for the reconciler.
SHARDS = 8


def to_item(run: Run) -> Item:
    """Return the row of a run: its fields, and the keys of the lists it is in."""
    pk, sk = keys.run(run.tenant_id, run.task_id, run.id)
    item: Item = {"pk": {"S": pk}, "sk": {"S": sk}}
    for name in _NAMES:
        value = getattr(run, name)
        if name in _JSON:
            if value is not None and value != {} and value != ():
                item[name] = {"S": json.dumps(value, ensure_ascii=False, separators=(",", ":"))}
        elif value is not None:
            item[name] = {"N": str(value)} if name in _NUMBERS else {"S": value}
    return item | {name: {"S": value} for name, value in _index_keys(run).items()}


def from_item(item: Mapping[str, Any]) -> Run:
    """Return the run of a row (also of a stream image)."""
    found: dict[str, Any] = {}
    for name in _NAMES:
        if name not in item:
            continue
        if name in _JSON:
            value = json.loads(item[name]["S"])
            found[name] = tuple(value) if name == "artifacts" else value
        else:
            found[name] = int(item[name]["N"]) if name in _NUMBERS else item[name]["S"]
    return Run(**found)


def _index_keys(run: Run) -> dict[str, str]:
    if run.is_final:
        return {}
    index = {"list": keys.runs_active(shard(run.id))}
    realm = keys.realm(run.tenant_id, run.owner)
    if run.environment != "cloud":
        return index
    if run.lease_until:
        index |= {"ready": keys.runs_leased(realm, run.agent), "ready_rank": f"{run.lease_until}#{run.id}"}
    elif run.status == "queued" and run.dispatched_at:
        index |= {"ready": keys.runs_ready(realm, run.agent), "ready_rank": f"{run.created_at}#{run.id}"}
    return index


def shard(run_id: str) -> int:
    """Return which of the SHARDS lists of active runs a run or goal run is in."""
    return zlib.crc32(run_id.encode()) % SHARDS


def put(run: Run) -> Item:
    """The action that creates a run: it must not be there yet."""
    return {"Put": {"Item": to_item(run), "ConditionExpression": "attribute_not_exists(pk)"}}


def update(before: Run, after: Run) -> Item:
    """The action that turns one version into the next; what moves without a version (the lease) must stand as read."""
    return difference(to_item(before), to_item(after), _MOVING)


def read_of_task(table: Table, tenant_id: str, task_id: str, limit: int, after: str | None = None) -> Page:
    """Return rows of a task's runs, newest first: 1 query. A position is a run's id."""
    pk, prefix = keys.runs(tenant_id, task_id)
    return read_page(table, [Range(TABLE, pk, prefix=prefix)], limit=limit, after=after, whole=False)


def read_offered(
    table: Table, actor: Actor, realms: Sequence[str], limit: int, project_id: str | None = None
) -> tuple[list[Run], list[Run]]:
    """Return runs of the realms that the actor may claim now: those that are offered, and those whose lease ran out.

    Those meant for the actor come before those for any agent, then the oldest first; at most `limit` of each partition.
    1 round trip, its queries side by side. The index lags behind the table: who claims one reads it again.
    """
    whom = [(realm, agent) for agent in (actor.id, None) for realm in realms]
    free = [Range(READY, keys.runs_ready(*each)) for each in whom]
    lapsed = [Range(READY, keys.runs_leased(*each), high=clock.now()) for each in whom]
    row_filter = Filter()
    if project_id:
        row_filter.any_of("project_id", [project_id])
    found: dict[Range, list[Run]] = {}

    def read(each: Range) -> None:
        page = read_page(table, [each], limit=limit, descending=False, row_filter=row_filter, whole=False)
        found[each] = [from_item(item) for item in page.items]

    side_by_side([partial(read, each) for each in (*free, *lapsed)])
    return [run for each in free for run in found[each]], [run for each in lapsed for run in found[each]]


def read_slice(table: Table, tenant_id: str, task_id: str, offset: int, limit: int) -> list[Run]:
    """Return a task's runs from an offset on, newest first, as many as fit into one answer: reads up to the last."""
    found = read_of_task(table, tenant_id, task_id, offset + limit).items[offset:]
    return [from_item(row) for row in found[: fitting(found)]]
