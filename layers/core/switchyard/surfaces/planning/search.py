"""Search and list: which key ranges hold the answer, and what is left to a filter."""

from typing import Any

from switchyard.domain import lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.errors import FieldError, Invalid
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.text import folded
from switchyard.domain.tracks import Track
from switchyard.http.call import AnyCall, Call, Reply
from switchyard.ledger import external_ids
from switchyard.store import filters, indexes, keys, lists, shards
from switchyard.store import tracks as track_rows
from switchyard.store.filters import Filter
from switchyard.store.indexes import Index
from switchyard.store.lists import Page, Range
from switchyard.surfaces.planning import present
from switchyard.surfaces.planning.models import PAGE_SIZE, ListTracks, SearchScope, SearchTracks
from switchyard.surfaces.planning.models import Filter as WireFilter

#: Projects that one search can be narrowed to: each is a range of its own.
PROJECTS_MAX = 20
#: Distinct words of one query.
WORDS_MAX = 40
_TASK_ONLY = ("assignee", "goal_id", "parent_id", "depends_on")
_GOAL_ONLY = ("progress_min", "progress_max")


def search(call: Call[SearchTracks], prefix: str = "filter.") -> Reply:
    """Answer a SearchTracks body: outline items, references, and a cursor.

    `prefix` is where the client sent the filters, as errors name them.
    """
    body = call.body
    if body.cursor is not None and body.page > 1:
        raise Invalid(FieldError("cursor", "is given with a page", "one of the two", "conflict"))
    listing = _Listing(call.actor, body.type, body.query, body.filter, body.scopes, prefix)
    skip = (body.page - 1) * PAGE_SIZE
    page, cursor = listing.read(call, skip + PAGE_SIZE, body.cursor, whole=False)
    tracks = [track_rows.from_item(item) for item in page.rows[skip:]]
    answer = {
        "items": [present.outline(track) for track in tracks],
        "references": _references(call, tracks),
        "searchMode": "keyword",
        "nextCursor": cursor,
    }
    return Reply(200, answer)


def list_tracks(call: Call[None, ListTracks]) -> Reply:
    """Answer a ListTracks query: whole tracks and a cursor."""
    query = call.query
    scopes = _scopes_of(query)
    if query.external_id:
        return _by_external_id(call)
    names = set(WireFilter.model_fields) & query.model_fields_set
    wire_filter = WireFilter.model_construct(**{name: getattr(query, name) for name in names})
    listing = _Listing(call.actor, query.type, query.query, wire_filter, scopes)
    page, cursor = listing.read(call, query.limit, query.cursor, whole=True)
    return Reply(200, {"items": [present.full(track_rows.from_item(item)) for item in page.rows], "nextCursor": cursor})


def _by_external_id(call: Call[None, ListTracks]) -> Reply:
    """Answer with the tracks of the type that have these external ids: 2 round trips."""
    query = call.query
    others = query.model_fields_set - {"type", "external_id", "limit"}
    if others:
        expected = "type and externalId alone"
        raise Invalid(FieldError("externalId", "is given with other filters", expected, "conflict"))
    found = external_ids.find(call.unit, query.external_id).values()
    shown = [present.full(each) for each in {each.id: each for each in found}.values() if each.type == query.type]
    return Reply(200, {"items": shown, "nextCursor": None})


def _scopes_of(query: ListTracks) -> list[SearchScope]:
    if query.scope == "all" and not query.project_id:
        return []
    if query.scope == "personal" and query.project_id:
        raise Invalid(FieldError("projectId", "is given with the scope personal", "one of the two", "conflict"))
    kind = "personal" if query.scope == "personal" else "projects"
    return [SearchScope.model_construct(type=kind, ids=query.project_id)]


class _Listing:
    """One search, planned: ranges in one order, a filter for the rest, and the print that binds its cursors."""

    def __init__(
        self,
        actor: Actor,
        kind: TrackType,
        query: str,
        wanted: WireFilter,
        scopes: list[SearchScope],
        prefix: str = "",
    ) -> None:
        self.actor, self.kind, self.wanted, self.prefix = actor, kind, wanted, prefix
        self.filter = Filter()
        self.descending = True
        self.statuses = self._statuses()
        self.projects = list(dict.fromkeys(id for scope in scopes if scope.type == "projects" for id in scope.ids))
        shared = not scopes or any(scope.type == "projects" for scope in scopes)
        personal = not scopes or any(scope.type == "personal" for scope in scopes)
        # A scope of all projects among the others takes the narrower ones in.
        if any(scope.type == "projects" and not scope.ids for scope in scopes):
            self.projects = []
        if len(self.projects) > PROJECTS_MAX:
            expected = f"at most {PROJECTS_MAX} in one search"
            raise Invalid(FieldError("scopes", f"names {len(self.projects)} projects", expected, "too_many"))
        self.owners = ([None] if shared else []) + ([actor.id] if personal else [])
        self._refuse_other_type()
        self.ranges = shards.of_tracks([each for owner in self.owners for each in self._ranges(owner)], actor)
        self._filter_rest(query)
        sent = wanted.model_dump(exclude_unset=True)
        where = [(scope.type, scope.ids) for scope in scopes]
        self.print = lists.fingerprint(actor.tenant_id, actor.id, kind, query, sent, where)

    def read(self, call: AnyCall, limit: int, cursor: str | None, *, whole: bool) -> tuple[Page, str | None]:
        """Read the page after the cursor; `whole` says that its tracks are shown with every field."""
        page = lists.read_page(
            call.unit.table,
            self.ranges,
            limit=limit,
            after=lists.from_cursor(cursor, self.print),
            descending=self.descending,
            row_filter=self.filter,
            whole=whole,
        )
        return page, lists.to_cursor(page.position, self.print)

    def _statuses(self) -> list[str | None]:
        known = lifecycle.statuses(self.kind)
        allowed = (*known, "none") if self.kind == "task" else known
        for status in self.wanted.status:
            if status not in allowed:
                expected = "one of " + ", ".join(allowed)
                raise Invalid(FieldError(f"{self.prefix}status", f"{status!r} is unknown", expected, "unknown_value"))
        return [None if status == "none" else status for status in dict.fromkeys(self.wanted.status)]

    def _refuse_other_type(self) -> None:
        foreign = _GOAL_ONLY if self.kind == "task" else _TASK_ONLY
        for name in foreign:
            if name in self.wanted.model_fields_set and getattr(self.wanted, name) not in (None, []):
                field = WireFilter.model_fields[name].alias or name
                other = "goals" if self.kind == "task" else "tasks"
                raise Invalid(
                    FieldError(f"{self.prefix}{field}", f"is a filter for {other}", f"filters for {self.kind}s")
                )

    def _ranges(self, owner: str | None) -> list[Range]:
        """Choose the index that fits the filters best, narrowest first."""
        wanted, realm = self.wanted, keys.realm(self.actor.tenant_id, owner)
        if wanted.parent_id:
            return self._by_rank(indexes.OF_PARENT, [keys.by_parent(realm, each) for each in wanted.parent_id])
        if wanted.goal_id:
            return self._by_rank(indexes.OF_GOAL, [keys.by_goal(realm, each) for each in wanted.goal_id])
        if wanted.depends_on:
            named = [keys.by_dependency(realm, each) for each in (*wanted.depends_on, "*")]
            return self._by_rank(indexes.OF_DEPENDENCY, named)
        if wanted.assignee:
            return self._by_rank(indexes.BY_ASSIGNEE, [keys.by_assignee(realm, each) for each in wanted.assignee])
        everything = keys.listed(realm, self.kind)
        if self.projects:
            # Ranges are merged in one order, so that the personal ones beside projects go by rank too.
            named = [keys.by_project(realm, self.kind, each) for each in (*self.projects, "*")]
            return (
                self._by_rank(indexes.LISTED_BY_RANK, [everything])
                if owner
                else self._by_rank(indexes.BY_PROJECT, named)
            )
        if wanted.updated_at_from or wanted.updated_at_to:
            high = _through(wanted.updated_at_to)
            return [Range(indexes.LISTED_BY_UPDATE, everything, low=wanted.updated_at_from or " ", high=high)]
        if wanted.due_date_from or wanted.due_date_to:
            self.descending = False
            low, high = wanted.due_date_from or " ", _through(wanted.due_date_to)
            found = self._by_rank(indexes.DUE, [everything])
            return [Range(each.index, each.partition, each.prefix, low, high) for each in found]
        if self.statuses:
            return self._by_rank(indexes.LISTED_BY_RANK, [everything])
        return [Range(indexes.LISTED_BY_ID, everything)]

    def _by_rank(self, index: Index, partitions: list[str]) -> list[Range]:
        codes = [lifecycle.code(self.kind, status) for status in self.statuses] or lifecycle.all_codes(self.kind)
        return [Range(index, partition, f"{code}#") for partition in dict.fromkeys(partitions) for code in codes]

    def _filter_rest(self, query: str) -> None:
        """Filter by everything; what the keys guarantee already costs nothing to check again."""
        wanted, used = self.wanted, {each.index.partition for each in self.ranges}
        words = list(dict.fromkeys(folded(query).split()))
        if len(words) > WORDS_MAX:
            raise Invalid(FieldError("query", f"has {len(words)} words", f"at most {WORDS_MAX}", "too_many"))
        for word in words:
            self.filter.add(filters.searched(word))
        if wanted.parent_id:
            # Goals lie under their parents too, and a goal's id may be given here.
            self.filter.add(filters.any_of("type", [self.kind]))
        ranked = all(each.prefix for each in self.ranges)
        if self.statuses and not ranked:
            self.filter.add(filters.any_of("status", self.statuses))
        if wanted.assignee and "by_assignee" not in used:
            self.filter.add(filters.any_of("assignee", wanted.assignee))
        if wanted.goal_id and "by_goal" not in used:
            self.filter.add(filters.any_of("goal_id", wanted.goal_id))
        if self.projects:
            self._filter_projects()
        if wanted.depends_on:
            self.filter.add(filters.contains_any("depends_on", wanted.depends_on))
        if wanted.progress_min is not None or wanted.progress_max is not None:
            self.filter.add(filters.number_between("progress", wanted.progress_min, wanted.progress_max))
        if wanted.due_date_from or wanted.due_date_to:
            self.filter.add(filters.between("due", wanted.due_date_from, _through(wanted.due_date_to)))
        if wanted.updated_at_from or wanted.updated_at_to:
            self.filter.add(filters.between("updated_at", wanted.updated_at_from, _through(wanted.updated_at_to)))

    def _filter_projects(self) -> None:
        """Tracks of several projects share a partition; personal ones are in no project but were asked for too."""
        conditions = [filters.contains_any("project_ids", self.projects)]
        if self.actor.id in self.owners:
            conditions.append(filters.any_of("owner", [self.actor.id]))
        self.filter.add(filters.either(*conditions))


def _through(bound: str | None) -> str:
    """Return an upper bound that takes in everything that begins with it: a day ends at midnight."""
    return f"{bound}\U0010ffff" if bound else "\U0010ffff"


def _references(call: AnyCall, tracks: list[Track]) -> dict[str, Any]:
    """Name the projects and assignees on a page: 1 round trip, none when nothing is named."""
    tenant = call.actor.tenant_id
    projects = sorted({project for track in tracks for project in track.project_ids})
    assignees = sorted({track.assignee for track in tracks if track.assignee})
    wanted = [keys.project(tenant, each) for each in projects] + [keys.actor(tenant, each) for each in assignees]
    found = call.unit.table.get_many(wanted, consistent=False) if wanted else {}

    def name(key: tuple[str, str]) -> str | None:
        row = found.get(key)
        return row["name"]["S"] if row else None

    kinds = {track.assignee: track.assignee_type for track in tracks if track.assignee}
    return {
        "projects": [{"id": each, "name": name(keys.project(tenant, each))} for each in projects],
        "assignees": [{"id": each, "type": kinds[each], "name": name(keys.actor(tenant, each))} for each in assignees],
    }
