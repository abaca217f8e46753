"""Runs in the table: rows in their task's partition, index keys, and the conditional writes that change one."""

import zlib
from collections.abc import Mapping, Sequence
from functools import partial

from switchyard.domain import claims, clock
from switchyard.domain.actors import Actor
from switchyard.domain.runs import Run
from switchyard.store import filters, keys
from switchyard.store.codec import THERE, Codec, row_key
from switchyard.store.filters import Filter
from switchyard.store.indexes import READY, TABLE
from switchyard.store.lists import Page, Range, fitting, read_page, side_by_side
from switchyard.store.table import Item, Table

#: Partitions over which the runs that are not finished are spread, for the reconciler.
SHARDS = 8


def shard(run_id: str) -> int:
    """Return which of the SHARDS lists of active runs a run or goal run is in."""
    return zlib.crc32(run_id.encode()) % SHARDS


def _ready(run: Run) -> str | None:
    realm = keys.realm(run.tenant_id, run.owner)
    if run.awaits_input:
        return keys.runs_asking(realm)
    if _is_leased(run):
        return keys.runs_leased(realm, run.agent)
    return keys.runs_ready(realm, run.agent) if _is_offered(run) else None


def _ready_rank(run: Run) -> str | None:
    """An offered run lies in the order of age; a claimed one, in the order leases run out; one that asks, by when."""
    if run.awaits_input:
        return f"{run.asks_since}#{run.id}"
    if _is_leased(run):
        return f"{claims.listed_until(run)}#{run.id}"
    return f"{run.created_at}#{run.id}" if _is_offered(run) else None


def _is_leased(run: Run) -> bool:
    return run.environment == "cloud" and bool(run.lease_until) and not run.awaits_input


def _is_offered(run: Run) -> bool:
    return run.environment == "cloud" and run.status == "queued" and bool(run.dispatched_at) and not run.awaits_input


def _index_keys(run: Run) -> Mapping[str, str | None]:
    """Return the attributes that put a run into indexes until it is finished."""
    if run.is_final:
        return {}
    return {"list": keys.runs_active(shard(run.id)), "ready": _ready(run), "ready_rank": _ready_rank(run)}


ROWS = Codec(
    Run,
    lambda run: keys.run(run.tenant_id, run.task_id, run.id),
    index_keys=_index_keys,
    moving=("lease_until",),
    packed=True,
)
to_item, from_item = ROWS.to_item, ROWS.from_item


#: The actions that create a run, and that turn one version into the next; what changes without a version (the lease)
#: must be as it was read.
put, update = ROWS.create, ROWS.update


def note_comment(tenant_id: str, task_id: str, run_id: str, comment_id: str) -> Item:
    """The action that leaves word of a comment with a run, whatever else moves there: no new version."""
    return {
        "Update": {
            "Key": row_key(keys.run(tenant_id, task_id, run_id)),
            "UpdateExpression": "SET comment_id = :comment",
            **THERE,
            "ExpressionAttributeValues": {":comment": {"S": comment_id}},
        }
    }


def read_of_task(table: Table, tenant_id: str, task_id: str, limit: int, after: str | None = None) -> Page:
    """Return rows of a task's runs, newest first: 1 query. A position is a run's id."""
    pk, prefix = keys.runs(tenant_id, task_id)
    return read_page(table, [Range(TABLE, pk, prefix=prefix)], limit=limit, after=after, whole=False)


def read_with_task(table: Table, tenant_id: str, task_id: str) -> list[Item]:
    """Return the row of a task and that of its newest run, as far as they are there: 1 round trip.

    The run is left out where a staged artifact's row lies between the two.
    """
    pk, prefix = keys.runs(tenant_id, task_id)
    items, _ = table.query(
        KeyConditionExpression="pk = :pk AND sk BETWEEN :runs AND :task",
        ExpressionAttributeValues={":pk": {"S": pk}, ":runs": {"S": prefix}, ":task": {"S": keys.TRACK}},
        ConsistentRead=True,
        ScanIndexForward=False,
        Limit=2,
    )
    return [item for item in items if item["sk"]["S"] == keys.TRACK or item["sk"]["S"].startswith(prefix)]


class Offers:
    """Runs of the realms that an actor may claim now, a page at a time: offered ones, and those whose lease ran out.

    The index lags behind the table: a claim reads the run again, and takes the next page if all of one are gone.
    """

    def __init__(self, table: Table, actor: Actor, realms: Sequence[str], project_id: str | None = None) -> None:
        whom = [(realm, agent) for agent in (actor.id, None) for realm in realms]
        self._table = table
        self._free = [Range(READY, keys.runs_ready(*each)) for each in whom]
        self._lapsed = [Range(READY, keys.runs_leased(*each), high=clock.now()) for each in whom]
        of_project = [filters.any_of("project_id", [project_id])] if project_id else []
        # A lease may end later than the index knows: it is not told of every heartbeat.
        over = filters.between("lease_until", None, clock.now())
        self._filters = {each: Filter(of_project) for each in self._free}
        self._filters |= {each: Filter([*of_project, over]) for each in self._lapsed}
        #: Where to go on in each partition that was not read to its end.
        self._places: dict[Range, str | None] = dict.fromkeys((*self._free, *self._lapsed))

    @property
    def are_over(self) -> bool:
        """Return whether there is no further page."""
        return not self._places

    def read(self, limit: int) -> tuple[list[Run], list[Run]]:
        """Return the next runs of each kind: 1 round trip, its queries in parallel; at most `limit` of a partition.

        Those meant for the actor come before those for any agent, then the oldest first.
        """
        found: dict[Range, Page] = {}

        def read(each: Range, after: str | None) -> None:
            found[each] = read_page(
                self._table,
                [each],
                limit=limit,
                after=after,
                descending=False,
                row_filter=self._filters[each],
                whole=False,
            )

        side_by_side([partial(read, each, after) for each, after in self._places.items()])
        self._places = {each: page.position for each, page in found.items() if page.position is not None}
        free, lapsed = (
            [from_item(item) for each in ranges if each in found for item in found[each].rows]
            for ranges in (self._free, self._lapsed)
        )
        return free, lapsed


def read_slice(table: Table, tenant_id: str, task_id: str, offset: int, limit: int) -> list[Run]:
    """Return a task's runs from an offset on, newest first, as many as fit into one answer: reads up to the last."""
    found = read_of_task(table, tenant_id, task_id, offset + limit).rows[offset:]
    return [from_item(row) for row in found[: fitting([[row] for row in found])]]
