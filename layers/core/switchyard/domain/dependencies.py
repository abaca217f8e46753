"""The graph of work: cycles are refused, readiness and the critical path are computed. Pure functions over ids."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from switchyard.domain import lifecycle
from switchyard.domain.errors import Cycle, FieldError, Invalid, Prerequisite
from switchyard.domain.structs import Struct
from switchyard.domain.tracks import Track

Edges = Mapping[str, Iterable[str]]

#: At most so many tracks are followed when an edge is added between tracks that exist already.
WALK_MAX = 1_000


class FieldPaths(Struct):
    """Where a request has the fields by which a track refers to others: `prefix` comes before the field's name.

    `indexed` says that the path of a dependency ends in its place in the list; `names` are the request's own words
    for tracks that it makes.
    """

    prefix: str = ""
    indexed: bool = False
    names: Mapping[str, str] = {}

    def name(self, ref: str) -> str:
        """Return the track's name in the request, for errors: its id unless it has another."""
        return self.names.get(ref, ref)

    def of(self, track: Track, field: str, ref: str) -> str:
        """Return the path of the field by which the track refers to `ref`, for errors."""
        place = f".{track.depends_on.index(ref)}" if self.indexed and field == "dependsOn" else ""
        return f"{self.prefix}{field}{place}"


def find_cycle(changed: Sequence[str], edges: Edges) -> list[str] | None:
    """Return a cycle as a list of ids along the edges, the first repeated at the end; None when there is none.

    It begins with the first of the changed tracks in it: a new cycle always has one.
    """
    if not any(edges.values()):
        return None
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        # graphlib lists what is depended on first, and begins anywhere.
        cycle = error.args[1][:0:-1]
        first = next((cycle.index(each) for each in changed if each in cycle), 0)
        return [*cycle[first:], *cycle[: first + 1]]
    return None


def refuse_cycles(
    changed: Iterable[Track], known: Mapping[str, Track], paths: Mapping[str, FieldPaths] | None = None
) -> None:
    """Raise Cycle when parents or dependencies of the changed tracks, laid over the known ones, form a cycle.

    The error names the field of a changed track in the cycle: by its bare name, or by the `paths` of its id.
    """
    changed = list(changed)
    after = {**known, **{track.id: track for track in changed}}
    starts = [track.id for track in changed]
    depends = {track.id: track.depends_on for track in after.values()}
    parents = {track.id: (track.parent_id,) for track in after.values() if track.parent_id}
    for name, edges in (("dependsOn", depends), ("parentId", parents)):
        path = find_cycle(starts, edges)
        if path:
            ours = [(after[one], other) for one, other in pairwise(path) if one in starts]
            if not ours:
                raise Cycle(name, path)
            track, ref = ours[0]
            where = (paths or {}).get(track.id, FieldPaths())
            raise Cycle(where.of(track, name, ref), [where.name(each) for each in path])


class Walk:
    """Follows what changed tracks lead to, level by level: `frontier` are the ids to be read next.

    Others' personal tracks are followed too: one that was shared once may still close a cycle. `passed` are ids not
    to be followed: those of the changed tracks, and of what is deleted with them.
    """

    def __init__(self, changed: Iterable[Track], passed: Iterable[str]) -> None:
        self.known = {track.id: track for track in changed}
        self._passed = set(passed)
        self.frontier = self._ahead(self.known.values())

    def go_on(self, tracks: Mapping[str, Track]) -> None:
        """Take the tracks of the frontier, those that exist, and go one level on; raises Invalid above WALK_MAX."""
        found = [tracks[ref] for ref in self.frontier if ref in tracks]
        self.known |= {track.id: track for track in found}
        self._passed |= self.frontier
        self.frontier = self._ahead(found)
        if len(self.known) + len(self.frontier) > WALK_MAX:
            problem = f"leads to more than {WALK_MAX} tracks"
            raise Invalid(FieldError("dependsOn", problem, "a shorter chain of dependencies", "too_many"))

    def _ahead(self, tracks: Iterable[Track]) -> set[str]:
        return {ref for track in tracks for ref in closing(track)} - self._passed


def closing(track: Track) -> tuple[str, ...]:
    """Return the ids by which a cycle could close."""
    return (*track.depends_on, *((track.parent_id,) if track.parent_id else ()))


def adds_edges(before: Track, after: Track) -> bool:
    """Return whether the change could close a cycle: only a new parent or a new dependency can."""
    gained = set(after.depends_on) - set(before.depends_on)
    return bool(gained) or (after.parent_id is not None and after.parent_id != before.parent_id)


def waits_for(task: Track, known: Mapping[str, Track]) -> list[Prerequisite]:
    """Return what the task still waits for. `known` are those of its prerequisites that live."""
    return [_prerequisite(ref, known.get(ref)) for ref in task.depends_on if not _is_done(known.get(ref))]


def _prerequisite(ref: str, track: Track | None) -> Prerequisite:
    if track is None or track.deleted_at:
        return Prerequisite(ref, "deleted")
    return Prerequisite(ref, "cancelled" if track.status == "cancelled" else None)


class Graph(Struct):
    """What a track's work hangs on. Ids in creation order; edges as (task, what it depends on).

    `stuck` are those blocked ones that depend on what will never be done: it was cancelled or deleted.
    `critical_path` is the number of unfinished tasks on the longest chain: the least number of steps left.
    """

    nodes: list[Track]
    edges: list[tuple[str, str]]
    ready: list[str]
    blocked: list[str]
    stuck: list[str]
    critical_path: int
    truncated: bool


def graph(tasks: Iterable[Track], outside: Mapping[str, Track], truncated: bool = False) -> Graph:
    """Return the dependency graph of the tasks; one that depends on neither them nor those outside is blocked."""
    nodes = sorted(tasks, key=lambda track: track.id)
    by_id = {track.id: track for track in nodes}
    known = {**outside, **by_id}
    edges = [(track.id, other) for track in nodes for other in track.depends_on]
    ready: list[str] = []
    blocked: list[str] = []
    stuck: list[str] = []
    for track in nodes:
        if track.status in lifecycle.FINAL:
            continue
        waits = waits_for(track, known)
        (blocked if waits else ready).append(track.id)
        # What was not read any more is not known to be gone.
        if any(each.fate and (each.id in known or not truncated) for each in waits):
            stuck.append(track.id)
    return Graph(nodes, edges, ready, blocked, stuck, _longest_open_chain(by_id), truncated)


def _is_done(track: Track | None) -> bool:
    return track is not None and not track.deleted_at and lifecycle.is_done(track.status)


def _longest_open_chain(by_id: Mapping[str, Track]) -> int:
    """Count the unfinished tasks on the longest chain, visiting each task once after what it depends on."""
    length: dict[str, int] = {}
    sorter = TopologicalSorter({each.id: [d for d in each.depends_on if d in by_id] for each in by_id.values()})
    # Tasks that are read while they change may seem to wait for each other: these and those behind them count as 0.
    with suppress(CycleError):
        sorter.prepare()
    while ready := sorter.get_ready():
        for current in ready:
            own = 0 if by_id[current].status in lifecycle.FINAL else 1
            length[current] = own + max((length.get(d, 0) for d in by_id[current].depends_on), default=0)
        sorter.done(*ready)
    return max(length.values(), default=0)
