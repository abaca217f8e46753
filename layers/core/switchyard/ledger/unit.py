"""The unit of work: a request reads what it must, gathers its changes, and commits them in one write.

Every surface, and MCP, changes rows through this and nothing else. What a change means is decided by the modules of
verbs beside it (tracks, claims, runs, goal runs, administration), which take the unit.
"""

import math
from collections.abc import Iterable, Mapping
from time import monotonic

from switchyard.domain import dependencies
from switchyard.domain.actors import Actor
from switchyard.domain.dependencies import FieldPaths
from switchyard.domain.errors import FieldError, Invalid, NoSuchTrack
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.tracks import Track
from switchyard.ledger.ends import Ends
from switchyard.ledger.intents import Change, Create, Draw, Intent, Require, RequireDone, Update
from switchyard.store import graph, idempotency, keys
from switchyard.store import tracks as track_rows
from switchyard.store.idempotency import KeyUse
from switchyard.store.table import ConditionFailed, Item, Table

#: Partition key and sort key.
RowKey = tuple[str, str]

#: DynamoDB's bound on the actions of one transaction.
ACTIONS_MAX = 100


class Stale(Exception):
    """Someone else changed a row between our read and our write: read again and decide again (store/contention.py)."""


class Unit:
    """One request's work on the ledger of the actor's tenant.

    `fence` is the one that the request carries (None: none); `attempt` counts how often its work met other changes;
    `started` is when the first attempt began, by time.monotonic() (None: now).
    """

    def __init__(
        self,
        table: Table,
        actor: Actor,
        request_id: str,
        key: KeyUse | None = None,
        fence: int | None = None,
        attempt: int = 0,
        started: float | None = None,
    ) -> None:
        self.table, self.actor, self.request_id = table, actor, request_id
        self.key, self.fence, self.attempt = key, fence, attempt
        self.started = monotonic() if started is None else started
        #: When the commit must have begun to be written at the latest (time.monotonic), for what would be wrong later.
        self.write_by = math.inf
        #: Prerequisites that the actor, a person, does not wait for (ledger/order.py).
        self.overruled: list[str] = []
        #: Ids that tracks were put under and no project has (ledger/projects.py), with the project of that name if any.
        self.unknown_projects: dict[str, str | None] = {}
        #: The ends of tracks that the request means to bring about, for the audit trail if it is refused.
        self.ends = Ends()
        #: The run that the work is about, if it is about one: what the log lines of all functions are joined by.
        self.about_run: str | None = None
        self._seen: dict[str, Track] = {}
        self._rows: dict[RowKey, Item | None] = {}
        self._changes: dict[str, Change] = {}
        self._draws: dict[str, Draw] = {}
        self._needs: dict[str, Require] = {}
        self._done: dict[str, RequireDone] = {}
        self._others: list[Item] = []
        self._guard: int | None = None
        self._key_checked = False

    # ------------------------------------------------------------ reads
    def get(self, track_id: str, kind: TrackType | None = None) -> Track:
        """Read one visible track; raises NotFound."""
        track = self.find([track_id]).get(track_id)
        if track is None or (kind and track.type != kind):
            raise NoSuchTrack(kind or "track", track_id)
        return track

    def find(self, ids: Iterable[str]) -> dict[str, Track]:
        """Read the visible ones of the tracks: 1 round trip per 100 not read before."""
        wanted = list(dict.fromkeys(ids))
        self.prefetch(wanted)
        found = {each: self._seen[each] for each in wanted if each in self._seen}
        return {each: track for each, track in found.items() if track.visible_to(self.actor)}

    def prefetch(self, ids: Iterable[str], guard: bool = False, rows: Iterable[RowKey] = ()) -> None:
        """Read what will be needed in one go: tracks, other rows, the graph's guard row."""
        missing = [each for each in dict.fromkeys(ids) if each not in self._seen]
        others = [each for each in dict.fromkeys(rows) if each not in self._rows]
        guard = guard and self._guard is None
        if missing or guard or others:
            self._read(missing, guard, others)

    def row(self, row_key: RowKey) -> Item | None:
        """Return a row that is not a track: 1 round trip unless it was prefetched. None when there is none."""
        self.prefetch((), rows=[row_key])
        return self._rows[row_key]

    def forget(self) -> None:
        """Forget what was read so far, so that it is read again: for a request that waits for something."""
        self._seen.clear()
        self._rows.clear()

    def note_read(self, row_key: RowKey, row: Item) -> None:
        """Note a row as read that another call has shown, such as a refused write; {}: it is not there."""
        if row_key[1] != keys.TRACK:
            self._rows[row_key] = row or None
        elif track_rows.is_live(row or None):
            self._seen[row["id"]["S"]] = track_rows.from_item(row)

    def replay(self) -> None:
        """Give the first answer again when the request's key was used before: 1 round trip, none without a key."""
        if self.key:
            self._fetch([])

    def _read(self, ids: list[str], guard: bool, others: list[RowKey]) -> None:
        tenant = self.actor.tenant_id
        guards = [keys.graph_guard(tenant)] if guard else []
        found = self._fetch([*(keys.track(tenant, each) for each in ids), *others, *guards])
        for each in others:
            self._rows[each] = found.pop(each, None)
        for each in guards:
            self._guard = graph.guard_of(found.pop(each, None))
        tracks = [track_rows.from_item(item) for item in found.values() if track_rows.is_live(item)]
        self._seen |= {track.id: track for track in tracks}

    def _fetch(self, row_keys: list[RowKey]) -> dict[RowKey, Item]:
        """Read rows; the first read of a request looks at its idempotency key too, in the same round trip."""
        use = None if self._key_checked else self.key
        if use:
            row_keys = [*row_keys, use.row_key]
        if len(row_keys) == 1:
            item = self.table.get(*row_keys[0])
            found = {row_keys[0]: item} if item else {}
        else:
            found = self.table.get_many(row_keys)
        if use:
            self._key_checked = True
            idempotency.refuse_reuse(self.table, use, found.pop(use.row_key, None))
        return found

    # ------------------------------------------------------------ gathers
    def create(self, track: Track, paths: FieldPaths | None = None) -> None:
        """Gather a new track; `paths` are those of its references in the request."""
        self._changes[track.id] = Create(track, paths)

    def become(self, before: Track, after: Track, paths: FieldPaths | None = None) -> Track:
        """Gather the next version of a track, as it was read or gathered; returns it."""
        match self._changes.get(before.id):
            case Create(_, former):
                self._changes[before.id] = Create(after, paths or former)
            case Update(first, _, former):
                self._changes[before.id] = Update(first, after, paths or former)
            case _:
                self._changes[before.id] = Update(before, after, paths)
        return after

    def gathered(self, track: Track) -> Track:
        """Return a track as the commit will leave it."""
        return self.pending(track.id) or track

    def pending(self, track_id: str) -> Track | None:
        """Return what was gathered of a track; None when nothing was."""
        change = self._changes.get(track_id)
        return change.after if change else None

    def draw(self, goal: Track) -> int:
        """Take the next number of a goal, as it was read or gathered, for a task that enters it."""
        former = self._draws.get(goal.id, Draw(goal, 0))
        self._draws[goal.id] = Draw(former.goal, former.count + 1)
        return (goal.next_number or 1) + former.count

    def require(self, track_id: str, need: Require) -> None:
        """Gather what a reference needs of a track; raises UnknownReference when another one needs something else."""
        former = self._needs.get(track_id)
        self._needs[track_id] = former.joined(need, track_id) if former else need

    def require_done(self, ids: Iterable[str]) -> None:
        """Gather that tasks must be done; the commit is Stale when one is not."""
        self._done.update(dict.fromkeys(ids, RequireDone()))

    def write(self, *actions: Item) -> None:
        """Gather actions on rows that are not tracks, as store/ makes them."""
        self._others += actions

    # ------------------------------------------------------------ commits
    def commit(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Write everything gathered, and the answer under its idempotency key, in one go.

        Raises Stale when a version moved, UnknownReference when a reference vanished, Cycle, Replay or
        IdempotencyConflict when the key was used before, and Invalid for more than ACTIONS_MAX actions.
        """
        self._check_references()
        guarded = self._check_cycles()
        intents: dict[str, Intent] = {**self._needs, **self._done, **self._draws, **self._changes}
        actions = [self._action(track_id, intent) for track_id, intent in intents.items()] + self._others
        if guarded:
            actions.append(graph.advance_guard(self.actor.tenant_id, self._guard or 0))
        if self.key:
            actions += idempotency.remember(self.key, status, headers, body)
        if len(actions) > ACTIONS_MAX:
            problem = f"needs {len(actions)} rows to be written or checked at once; a transaction has {ACTIONS_MAX}"
            expected = "fewer drafts, or fewer references to tracks outside the request"
            raise Invalid(FieldError("body", problem, expected, "too_many"))
        if not actions:
            return
        try:
            self.table.write(actions, until=self.write_by)
        except ConditionFailed as refused:
            if self.key:
                idempotency.refuse_reuse(self.table, self.key, refused.items[-1])
            self._explain(refused, intents)

    def _check_references(self) -> None:
        """Refuse references to gathered tracks that do not fit; the others are checked by the write."""
        for track_id, need in self._needs.items():
            after = self.pending(track_id)
            if after and not need.fits(after):
                raise need.refusal(track_id)

    def _check_cycles(self) -> bool:
        """Refuse cycles; returns whether the commit must pass the guard row of the tenant's graph.

        New tracks alone can only form cycles with each other: nothing older depends on them. When an existing
        track gains an edge, what it leads to is walked, one read per level, and the tenant's guard row is
        incremented with the commit, so that two changes that are harmless alone close no cycle together.
        """
        changes = self._changes.values()
        changed = [each.after for each in changes if not each.after.deleted_at]
        if not any(map(dependencies.closing, changed)):
            return False
        guarded = any(isinstance(each, Update) and dependencies.adds_edges(each.before, each.after) for each in changes)
        walk = dependencies.Walk(changed, self._changes)
        if guarded:
            self.prefetch(sorted(walk.frontier), guard=True)
            while walk.frontier:
                self.prefetch(sorted(walk.frontier))
                walk.go_on(self._seen)
        paths = {each.after.id: each.paths for each in changes if each.paths}
        dependencies.refuse_cycles(changed, walk.known, paths)
        return guarded

    def _action(self, track_id: str, intent: Intent) -> Item:
        drawn = self._draws[track_id].count if track_id in self._draws else 0
        match intent:
            case Create(after):
                return graph.put(after, drawn)
            case Update(before, after):
                return graph.update(before, after, drawn)
            case Draw(goal, count):
                return graph.draw(goal, count)
            case Require(kind, seen_by):
                return track_rows.must_exist(self.actor.tenant_id, track_id, kind, seen_by)
            case RequireDone():
                return track_rows.must_be_done(self.actor.tenant_id, track_id)

    def _explain(self, refused: ConditionFailed, intents: Mapping[str, Intent]) -> None:
        met = [pair for pair, item in zip(intents.items(), refused.items, strict=False) if item is not None]
        raise Require.unmet(dict(met)) or Stale() from refused
