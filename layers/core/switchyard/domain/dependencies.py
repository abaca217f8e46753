"""The graph of work: cycles are refused, readiness and the critical path are told. Pure functions over ids."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from switchyard.domain import lifecycle
from switchyard.domain.errors import Cycle
from switchyard.domain.tracks import Track

Edges = Mapping[str, Iterable[str]]

#: How a surface names the field of a track by which it refers to another id.
Spelling = Callable[[Track, str, str], str]

#: At most so many tracks are followed when an edge is added between tracks that exist already.
WALK_MAX = 1_000


def track_field(_track: Track, field: str, _ref: str) -> str:
    """The spelling of errors where no surface has its own: the field's bare name."""
    return field


def find_cycle(starts: Iterable[str], edges: Edges) -> list[str] | None:
    """Return a cycle reachable from `starts` as a list of ids, the first repeated at the end; else None.

    Iterative depth-first search: a chain of thousands must not exhaust the stack.
    """
    finished: set[str] = set()
    for start in starts:
        if start in finished:
            continue
        path, on_path = [start], {start}
        todo = [iter(edges.get(start, ()))]
        while todo:
            following = next(todo[-1], None)
            if following is None:
                todo.pop()
                finished.add(path[-1])
                on_path.discard(path.pop())
            elif following in on_path:
                return [*path[path.index(following) :], following]
            elif following not in finished:
                path.append(following)
                on_path.add(following)
                todo.append(iter(edges.get(following, ())))
    return None


def refuse_cycles(changed: Iterable[Track], known: Mapping[str, Track], spell: Spelling = track_field) -> None:
    """Raise Cycle when parents or dependencies of the changed tracks, laid over the known ones, form a circle.

    The error names the field, as `spell` has it, of a changed track in the circle.
    """
    changed = list(changed)
    after = {**known, **{track.id: track for track in changed}}
    starts = [track.id for track in changed]
    depends = {track.id: track.depends_on for track in after.values()}
    parents = {track.id: (track.parent_id,) for track in after.values() if track.parent_id}
    for field, edges in (("dependsOn", depends), ("parentId", parents)):
        path = find_cycle(starts, edges)
        if path:
            ours = [(after[one], other) for one, other in pairwise(path) if one in starts]
            raise Cycle(spell(ours[0][0], field, ours[0][1]) if ours else field, path)


def adds_edges(before: Track, after: Track) -> bool:
    """Tell whether the change could close a cycle: only a new parent or a new dependency can."""
    gained = set(after.depends_on) - set(before.depends_on)
    return bool(gained) or (after.parent_id is not None and after.parent_id != before.parent_id)


@dataclass(frozen=True, slots=True)
class Graph:
    """What a track's work hangs on. Ids in creation order; edges as (task, what it depends on).

    `critical_path` is the number of unfinished tasks on the longest chain: the least number of steps left.
    """

    nodes: list[Track]
    edges: list[tuple[str, str]]
    ready: list[str]
    blocked: list[str]
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
    for track in nodes:
        if track.status in lifecycle.FINAL:
            continue
        waits = any(not _is_done(known.get(other)) for other in track.depends_on)
        (blocked if waits else ready).append(track.id)
    return Graph(nodes, edges, ready, blocked, _longest_open_chain(by_id), truncated)


def _is_done(track: Track | None) -> bool:
    return track is not None and lifecycle.is_done(track.status)


def _longest_open_chain(by_id: Mapping[str, Track]) -> int:
    """Count the unfinished tasks on the longest chain, visiting each task once after what it depends on."""
    length: dict[str, int] = {}
    entered: set[str] = set()
    for root in by_id:
        stack = [root]
        while stack:
            current = stack[-1]
            if current in length:
                stack.pop()
                continue
            missing = [d for d in by_id[current].depends_on if d in by_id and d not in length and d not in entered]
            entered.add(current)
            if missing:
                stack.extend(missing)
                continue
            own = 0 if by_id[current].status in lifecycle.FINAL else 1
            longest = max((length.get(d, 0) for d in by_id[current].depends_on), default=0)
            length[current] = own + longest
            stack.pop()
    return max(length.values(), default=0)
