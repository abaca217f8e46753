"""Ready tasks: what a worker may draw from the pool, urgent first, then oldest.

Free tasks lie in one index in the order in which they are drawn, apart by whom they are for. Claimed ones lie in the
same index by the time their lease runs out: those whose time is over by the clock are ready again, without anything
having to be written first.
"""

from switchyard.domain import clock
from switchyard.domain.actors import Actor
from switchyard.domain.lifecycle import PRIORITIES
from switchyard.domain.structs import Struct, replace
from switchyard.store import filters, indexes, keys, lists, shards
from switchyard.store import tracks as track_rows
from switchyard.store.filters import Filter
from switchyard.store.lists import Page, Range
from switchyard.store.table import Item, Table

#: Run-out leases that are looked at for one page, those that ran out first before the others.
LAPSED_MAX = 100


class Wanted(Struct):
    """Which ready tasks: those meant for a kind of worker, of one project, of one priority; None: any."""

    kind: str | None = None
    project_id: str | None = None
    priority: str | None = None


def read_page(table: Table, actor: Actor, wanted: Wanted, limit: int, after: str | None = None) -> Page:
    """Return at most `limit` tasks that the actor may draw now: 1 round trip, its queries in parallel."""
    found: dict[str, Page] = {}

    def read(name: str, ranges: list[Range], row_filter: Filter, count: int, start: str | None) -> None:
        found[name] = lists.read_page(table, ranges, limit=count, after=start, descending=False, row_filter=row_filter)

    lapsed = shards.in_each(Range(indexes.READY, keys.leased(actor.tenant_id), high=clock.now()), actor)
    lists.side_by_side(
        [
            lambda: read("free", _free(actor, wanted), _filter(wanted), limit, after),
            lambda: read("lapsed", lapsed, _lapsed_filter(actor, wanted), LAPSED_MAX, None),
        ]
    )
    return _merge(found["free"], found["lapsed"].rows, limit, after)


def _merge(free: Page, lapsed: list[Item], limit: int, after: str | None) -> Page:
    ranked = [(item["ready_rank"]["S"], item) for item in free.rows]
    for item in lapsed:
        rank = track_rows.ready_rank(track_rows.from_item(item))
        # Beyond the point that the free ones were read to, a task belongs on a later page.
        if (after is None or rank > after) and (free.position is None or rank <= free.position):
            ranked.append((rank, item))
    ranked.sort(key=lambda each: each[0])
    position = ranked[limit - 1][0] if len(ranked) > limit else free.position
    return Page([item for _, item in ranked[:limit]], position)


def _free(actor: Actor, wanted: Wanted) -> list[Range]:
    """Return the ranges of the unassigned tasks and of the actor's own."""
    kinds = [wanted.kind] if wanted.kind else ["agent", "user"]
    projects = dict.fromkeys([wanted.project_id, "*"]) if wanted.project_id else [""]
    partitions = [
        keys.ready(actor.tenant_id, assignee, kind, project or "")
        for project in projects
        for assignee, kind in [*((None, kind) for kind in kinds), (actor.id, None)]
    ]
    index = indexes.READY_BY_PROJECT if wanted.project_id else indexes.READY
    ranges = [Range(index, each) for each in partitions]
    if wanted.priority is not None:
        code = PRIORITIES.index(wanted.priority)
        ranges = [replace(each, low=f"{code}#", high=f"{code}#\U0010ffff") for each in ranges]
    if wanted.project_id:
        return ranges
    # The lists of a project, and the one of an assignee, have no shards.
    own = keys.ready(actor.tenant_id, actor.id, None)
    return [part for each in ranges for part in ([each] if each.partition == own else shards.in_each(each, actor))]


def _filter(wanted: Wanted) -> Filter:
    row_filter = Filter()
    if wanted.kind:
        row_filter.add(filters.for_agents(wanted.kind == "agent"))
    if wanted.project_id:
        row_filter.add(filters.first_is("project_ids", wanted.project_id))
    return row_filter


def _lapsed_filter(actor: Actor, wanted: Wanted) -> Filter:
    row_filter = _filter(wanted)
    row_filter.add(filters.any_of("assignee", [actor.id, None]))
    # A lease may end later than the index knows: it is not told of every heartbeat.
    row_filter.add(filters.between("lease_until", None, clock.now()))
    if wanted.priority:
        row_filter.add(filters.any_of("priority", [wanted.priority]))
    return row_filter
