"""The lists of a project's tasks, newest first (contract: projects.md §4.1).

A page is one query per home, in parallel: the project's shared tasks and the caller's own, each on the shelves that
were asked for.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from switchyard.domain.structs import Struct
from switchyard.domain.text import folded
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger.unit import RowKey
from switchyard.store import filters, homes, indexes, keys, lists, shards
from switchyard.store import tracks as track_rows
from switchyard.store.filters import Filter
from switchyard.store.lists import Range
from switchyard.store.table import Item
from switchyard.surfaces.projects import paging, present, run_present, scope, tasks
from switchyard.surfaces.projects.inputs import Paging
from switchyard.surfaces.projects.models import ListTasks, Summaries
from switchyard.surfaces.projects.paging import Start

_STAFF = "settings:admin"
#: A place behind every row.
_END = "-"


def list_tasks(call: Call[None, ListTasks]) -> Reply:
    """Answer a ListTasks query: 1 round trip, 1 more for the latest runs, 1 more for an offset without a position."""
    query = call.query
    shelves = _shelves(call)
    homes_of_it = [] if scope.is_any(call) else _homes(call, scope.project(call).id, shelves)
    wanted = _View(call, homes_of_it, _filter(query))
    page = wanted.read(_start(query, wanted))
    shown = [each for each in page.tasks if (each.internal, each.archived) in shelves]
    results = [present.task(each, tasks.latest_run(call, each), call.request.base_url) for each in shown]
    return Reply(
        200,
        paging.envelope(results, page.count, page.next, page.previous, count_is_minimum=page.count_is_minimum),
    )


def summaries(call: Call[Summaries, Paging]) -> Reply:
    """Answer with the summaries of the named tasks that the caller sees: 100 tasks a read, in parallel."""
    body = call.body
    everything = scope.is_any(call)
    home = () if everything else (scope.project(call).id,)
    found = [
        each for each in _read_all(call, body.ids) if each.is_task and (everything or each.project_ids[:1] == home)
    ]
    found.sort(key=lambda each: each.id)
    found.sort(key=lambda each: each.created_at, reverse=True)
    page, envelope = paging.slice_of(call, found)
    call.unit.prefetch([], rows=[_run_key(each) for each in page if each.latest_run_id])
    return Reply(200, {**envelope, "results": [present.summary(each, tasks.latest_run(call, each)) for each in page]})


def repositories(call: Call) -> Reply:
    """Answer with the repositories of the project's tasks that the caller sees, archived ones too: 1 round trip."""
    found = _homes(call, scope.project(call).id, [(False, False), (False, True)])
    return Reply(200, {"repositories": homes.repositories(call.unit.table, found)})


# ---------------------------------------------------------------- what is listed


def _shelves(call: Call[None, ListTasks]) -> list[tuple[bool, bool]]:
    """Return the shelves, by internal and archived, that a query asks for; internal ones are for administrators."""
    query = call.query
    internal = query.internal and call.actor.may(_STAFF)
    archived = {"true": [True], "false": [False], "all": [False, True]}[query.archived]
    return [(internal, each) for each in archived]


def _homes(call: AnyCall, project_id: str, shelves: list[tuple[bool, bool]]) -> list[str]:
    """Return the homes of shared tasks and of the caller's own."""
    realms = [keys.realm(call.actor.tenant_id, owner) for owner in (None, call.actor.id)]
    return [keys.home(realm, project_id, track_rows.SHELVES[each]) for realm in realms for each in shelves]


def _everything(call: AnyCall) -> list[Range]:
    realms = [keys.realm(call.actor.tenant_id, owner) for owner in (None, call.actor.id)]
    return shards.of_tracks([Range(indexes.LISTED_BY_ID, keys.listed(realm, "task")) for realm in realms], call.actor)


def _filter(query: ListTasks) -> Filter:
    wanted = Filter()
    if query.origin_product:
        wanted.add(filters.any_of("origin_product", [query.origin_product]))
    if query.stage:
        wanted.add(filters.contains_any("stages", [query.stage]))
    if query.organization:
        wanted.add(filters.begins_with("repository", f"{query.organization.lower()}/"))
    if query.repository:
        attribute = "repository" if "/" in query.repository else "repository_name"
        wanted.add(filters.any_of(attribute, [query.repository.lower()]))
    if query.created_by is not None:
        wanted.add(filters.number_between("created_by_number", query.created_by, query.created_by))
    if query.status:
        wanted.add(filters.any_of("latest_run_status", run_present.stored(query.status)))
    if query.search:
        options = [filters.searched(folded(query.search))]
        number = query.search.rpartition("-")[2]
        if number.isascii() and number.isdecimal() and len(number) <= 15:
            options.append(filters.number_between("task_number", int(number), int(number)))
        wanted.add(filters.either(*options))
    return wanted


def _repository_alone(query: ListTasks) -> str | None:
    """Return the repository of a query that filters by its whole name and nothing else."""
    others = (query.origin_product, query.stage, query.organization, query.status, query.search)
    if query.created_by is not None or any(others) or not query.repository or "/" not in query.repository:
        return None
    return query.repository.lower()


def _start(query: ListTasks, wanted: "_View") -> Start:
    """Find where the page begins: by the link's position, else by the counts of blocks of time."""
    linked = Start.of(query.position, query.offset, wanted.print)
    if linked or not query.offset or wanted.filtered:
        return linked or Start()
    return wanted.skip(_block_of(query.offset, wanted))


def _block_of(offset: int, wanted: "_View") -> Start:
    """Return the beginning of the block of time that has the row at an offset; beyond all, that of the last block."""
    start, seen = Start(), 0
    for block, count in homes.blocks(wanted.call.unit.table, wanted.homes):
        # Every id of the block sorts below this: hexadecimal digits end at f.
        start = Start(seen, f"{block}g")
        seen += count
        if seen > offset:
            break
    return start


# ---------------------------------------------------------------- a page


class _Page(Struct):
    tasks: list[Track]
    count: int
    count_is_minimum: bool
    next: str | None
    previous: str | None


class _View:
    """One caller's list: its homes, and what is filtered out of them.

    Without homes it has the tasks of all projects and of none; its rows are filtered by shelf after they were read.
    """

    def __init__(self, call: Call[None, ListTasks], homes: list[str], row_filter: Filter) -> None:
        self.call = call
        self.homes = homes
        self.ranges = [Range(indexes.BY_HOME, home) for home in homes] or _everything(call)
        self.filter = row_filter
        self.filtered = bool(row_filter.conditions) or not homes
        #: The repository whose tasks are all that is left, None for any other list: how many there are is counted.
        self.repository = _repository_alone(call.query) if homes else None
        self.counted = bool(homes) and (not row_filter.conditions or self.repository is not None)
        self.print = lists.fingerprint(homes, row_filter.fingerprint())

    def skip(self, start: Start) -> Start:
        """Go on from a place to less than a page's examined rows before the query's offset: 1,000 rows a read."""
        while self.call.query.offset - start.seen > lists.EXAMINE_MAX:
            page = lists.read_page(
                self.call.unit.table, self.ranges, limit=lists.EXAMINE_MAX, after=start.after, whole=False
            )
            start = Start(start.seen + len(page.rows), page.position or _END)
            if page.position is None:
                break
        return start

    def read(self, start: Start) -> _Page:
        """Read the page at the query's offset, with the count of the whole list."""
        query = self.call.query
        skip = 0 if start.upward else min(query.offset - start.seen, lists.EXAMINE_MAX)
        got: dict[str, Any] = {"total": 0}

        def read_rows() -> None:
            got["page"] = lists.read_page(
                self.call.unit.table,
                self.ranges,
                limit=skip + query.limit,
                after=start.after,
                descending=not start.upward,
                row_filter=self.filter,
                whole=not self.homes,
            )

        def read_total() -> None:
            table = self.call.unit.table
            if self.repository:
                got["total"] = homes.of_repository(table, self.homes, self.repository)
            else:
                got["total"] = homes.total(table, self.homes)

        lists.side_by_side([read_rows, read_total] if self.counted else [read_rows])
        return (
            self._upward(got["page"], got["total"], start)
            if start.upward
            else self._downward(got["page"], got["total"], start, skip)
        )

    def _downward(self, page: lists.Page, total: int, start: Start, skip: int) -> _Page:
        query = self.call.query
        found = page.rows[skip:]
        shown = _fitting(self.call, found)
        seen = start.seen + min(skip, len(page.rows)) + len(shown)
        last = shown[-1].id if len(shown) < len(found) else page.position
        return _Page(
            shown,
            seen if last is None else max(total, seen + 1),
            last is not None and not self.counted,
            None if last is None else self._link(max(seen, query.offset), Start(seen, last)),
            self._before(shown),
        )

    def _upward(self, page: lists.Page, total: int, start: Start) -> _Page:
        """A page that was read from its end: the rows before the one that the client saw first."""
        query = self.call.query
        shown = _fitting(self.call, page.rows)[::-1]
        seen = query.offset + len(shown)
        return _Page(
            shown,
            max(total, seen + 1),
            not self.counted,
            self._link(seen, Start(seen, shown[-1].id if shown else start.after)),
            self._before(shown),
        )

    def _before(self, shown: list[Track]) -> str | None:
        query = self.call.query
        offset = max(0, query.offset - query.limit)
        if not query.offset:
            return None
        return self._link(offset, Start(offset, shown[0].id, upward=True) if offset and shown else None)

    def _link(self, offset: int, start: Start | None) -> str:
        return paging.link(self.call, offset, start.encoded(self.print) if start else None)


# ---------------------------------------------------------------- reads


def _fitting(call: AnyCall, rows: Sequence[Item]) -> list[Track]:
    """Return the tasks that fit into one answer with their latest runs, which are read here: 1 round trip, if any."""
    found = [track_rows.from_item(row) for row in rows]
    call.unit.prefetch([], rows=[_run_key(each) for each in found if each.latest_run_id])
    runs = [call.unit.row(_run_key(each)) if each.latest_run_id else None for each in found]
    return found[: lists.fitting([[row, run] if run else [row] for row, run in zip(rows, runs, strict=True)])]


def _run_key(task: Track) -> RowKey:
    return keys.run(task.tenant_id, task.id, task.latest_run_id or "")


def _read_all(call: AnyCall, ids: list[str]) -> list[Track]:
    """Read the visible ones of many tasks."""
    wanted = [keys.track(call.actor.tenant_id, each) for each in dict.fromkeys(ids)]
    chunks = [wanted[start : start + 100] for start in range(0, len(wanted), 100)]
    found: list[list[Track]] = [[] for _ in chunks]

    def read(position: int) -> None:
        read_rows = call.unit.table.get_many(chunks[position], consistent=False).values()
        found[position] = [track_rows.from_item(each) for each in read_rows]

    lists.side_by_side([partial(read, position) for position in range(len(chunks))])
    return [each for chunk in found for each in chunk if each.visible_to(call.actor)]
