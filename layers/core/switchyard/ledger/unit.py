"""The unit of work: a request reads what it must, gathers its changes, and commits them in one write.

Every surface, and MCP, changes tracks through this and nothing else.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic, time
from typing import Any

from switchyard.domain import audit, claims, clock, dependencies, lifecycle, tracks
from switchyard.domain.actors import Actor
from switchyard.domain.errors import (
    Cycle,
    FieldError,
    IdempotencyConflict,
    Invalid,
    NotFound,
    SwitchyardError,
    UnknownReference,
)
from switchyard.domain.ids import new_id
from switchyard.domain.lifecycle import TrackType
from switchyard.domain.tracks import Track
from switchyard.store import audit as audit_rows
from switchyard.store import edges, idempotency, keys
from switchyard.store import tracks as rows
from switchyard.store.idempotency import KeyUse, Remembered
from switchyard.store.table import ConditionFailed, Item, Table

#: Partition key and sort key.
RowKey = tuple[str, str]

#: DynamoDB's bound on the actions of one transaction.
ACTIONS_MAX = 100


class Stale(Exception):
    """Someone else changed a row between our read and our write: read again and decide anew."""


class Replay(Exception):
    """The idempotency key was used for this very request before."""

    def __init__(self, remembered: Remembered) -> None:
        super().__init__("replay")
        self.remembered = remembered


@dataclass(slots=True)
class _Pending:
    """What one track's row is to become, or must be; `drawn` counts the numbers taken from a goal."""

    before: Track | None = None
    after: Track | None = None
    drawn: int = 0
    needed_done: bool = False
    needed_as: TrackType | None = None
    needed_by: str | None = None
    field: str = ""


@dataclass(slots=True)
class Unit:
    """One request's work on the ledger of the actor's tenant.

    `fence` is the one that the request carries (None: none); `attempt` counts how often its work met other changes;
    `started` is when the first attempt began, by time.monotonic().
    """

    table: Table
    actor: Actor
    request_id: str
    key: KeyUse | None = None
    fence: int | None = None
    attempt: int = 0
    started: float = field(default_factory=monotonic)
    #: When the commit must have begun to be written at the latest (time.monotonic), for what would be wrong later.
    write_by: float = math.inf
    _seen: dict[str, Track] = field(default_factory=dict)
    _rows: dict[RowKey, Item | None] = field(default_factory=dict)
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _guard: int | None = None
    _guarded: bool = False
    _key_checked: bool = False
    extra: list[Item] = field(default_factory=list)
    #: A surface that names fields its own way puts its spelling here, for errors about references.
    spell: dependencies.Spelling = dependencies.track_field
    _ends: dict[str, tuple[Track, str]] = field(default_factory=dict)

    # ------------------------------------------------------------ reads
    def get(self, track_id: str, kind: TrackType | None = None) -> Track:
        """Read one visible track; raises NotFound."""
        track = self.find([track_id]).get(track_id)
        if track is None or (kind and track.type != kind):
            raise NotFound(f"There is no {kind or 'track'} with the id {track_id}.")
        return track

    def find(self, ids: Iterable[str]) -> dict[str, Track]:
        """Read the visible ones of the tracks: 1 round trip per 100 not read before."""
        wanted = list(dict.fromkeys(ids))
        missing = [each for each in wanted if each not in self._seen]
        if missing:
            self._seen |= self._read(missing)
        found = {each: self._seen[each] for each in wanted if each in self._seen}
        return {each: track for each, track in found.items() if track.visible_to(self.actor)}

    def prefetch(self, ids: Iterable[str], guard: bool = False, rows: Iterable[RowKey] = ()) -> None:
        """Read what will be needed in one go: tracks, other rows, the graph's guard row."""
        missing = [each for each in dict.fromkeys(ids) if each not in self._seen]
        others = [each for each in dict.fromkeys(rows) if each not in self._rows]
        guard = guard and self._guard is None
        if missing or guard or others:
            self._seen |= self._read(missing, guard, others)

    def row(self, row_key: RowKey) -> Item | None:
        """Return a row that is no track: 1 round trip unless it was prefetched. None when there is none."""
        if row_key not in self._rows:
            self._rows[row_key] = self._fetch([row_key]).get(row_key)
        return self._rows[row_key]

    def forget(self) -> None:
        """Read anew what was read so far, when it is asked for again: for a request that waits for something."""
        self._seen.clear()
        self._rows.clear()

    def replay(self) -> None:
        """Give the first answer again when the request's key was used before: 1 round trip, none without a key."""
        if self.key:
            self._fetch([])

    def _read(self, ids: list[str], guard: bool = False, rows_too: Sequence[RowKey] = ()) -> dict[str, Track]:
        tenant = self.actor.tenant_id
        row_keys = [*(keys.track(tenant, each) for each in ids), *rows_too]
        if guard:
            row_keys.append(keys.graph_guard(tenant))
        found = self._fetch(row_keys)
        for each in rows_too:
            self._rows[each] = found.pop(each, None)
        if guard:
            row = found.pop(keys.graph_guard(tenant), None)
            self._guard = int(row["edges"]["N"]) if row else 0
        return {track.id: track for item in found.values() if rows.is_live(item) and (track := rows.from_item(item))}

    def _fetch(self, row_keys: list[tuple[str, str]]) -> dict[tuple[str, str], Item]:
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
            self._replay_if(idempotency.recall(found.pop(use.row_key, None)))
        return found

    def _replay_if(self, remembered: Remembered | None) -> None:
        if remembered is None or self.key is None:
            return
        if remembered.fingerprint != self.key.fingerprint:
            raise IdempotencyConflict(self.key.key)
        raise Replay(remembered)

    # ------------------------------------------------------------ changes
    def create(self, kind: TrackType, title: str, **fields: Any) -> Track:
        """Gather a new track. A task with a goal draws its number there (1 read of the goal)."""
        track = tracks.create(self.actor, self.request_id, kind, title, **fields)
        track = self._numbered(track, None)
        self._entry(track.id).after = track
        self._need_references(track, track.references())
        return track

    def change(self, before: Track, **fields: Any) -> Track:
        """Gather a change of a track that was read; returns it as it will be."""
        self.intend(before, fields.get("status", before.status))
        self._check_lease(before)
        after = tracks.change(before, self.actor, self.request_id, **fields)
        if after is before:
            return before
        after = self._numbered(after, before)
        entry = self._entry(before.id)
        entry.before, entry.after = entry.before or before, after
        known = before.references() if after.owner == before.owner else []
        self._need_references(after, [each for each in after.references() if each not in known])
        return after

    def intend(self, track: Track, status: str | None) -> None:
        """Note that the request means to give the track this status, so that its refusal is told in the audit trail.

        `change` does it by itself; who refuses before that (a precondition, a transition) calls this first.
        Only the end of a track counts: done, cancelled, completed.
        """
        if status in lifecycle.FINAL and status != track.status:
            self._ends[track.id] = (track, status)

    def refused(self, error: SwitchyardError, status: int) -> list[Item]:
        """Return the actions that leave word of every end that this error refused, for the pipeline to audit.

        `status` is the HTTP status of the error.
        """
        now = clock.now()
        return [
            audit_rows.attempt(audit.refused(track, wanted, self.actor, self.request_id, now, error, status))
            for track, wanted in self._ends.values()
        ]

    def delete(self, before: Track) -> Track:
        """Gather the deletion of a track that was read."""
        self._check_lease(before)
        after = tracks.delete(before, self.actor, self.request_id)
        entry = self._entry(before.id)
        entry.before, entry.after = before, after
        return after

    def claim(self, before: Track, seconds: int) -> Track:
        """Gather a lease on a task that was read; one that the actor holds already is prolonged.

        The commit holds only while all that the task depends on is done. Raises NotClaimable, Leased or StaleFence.
        """
        self._check_lease(before)
        claims.check_claimable(before, self.actor)
        if claims.holds(self.actor, before, clock.now()):
            return self.prolong(before, seconds)
        for ref in before.depends_on:
            self._entry(ref).needed_done = True
        return self._become(
            before,
            tracks.change(before, self.actor, self.request_id, **claims.taken(before, self.actor, seconds, time())),
        )

    def prolong(self, before: Track, seconds: int) -> Track:
        """Gather a later end of the lease that the actor holds: no new version, and nothing for the trail."""
        self._check_lease(before)
        claims.check_held(before, self.actor, clock.now())
        return self._become(before, replace(before, lease_until=clock.stamp(time() + seconds)))

    def release(self, before: Track) -> Track:
        """Gather the end of the lease that the actor holds: the task is back in the pool."""
        self._check_lease(before)
        claims.check_held(before, self.actor, clock.now())
        return self._become(before, tracks.change(before, self.actor, self.request_id, **claims.released(before)))

    def follow(self, before: Track, **fields: Any) -> Track:
        """Gather a change that follows from another row's, e.g. a run's: whoever holds the task does not matter."""
        after = tracks.change(before, self.actor, self.request_id, **fields)
        return before if after is before else self._become(before, after)

    def gathered(self, track: Track) -> Track:
        """Return a track as the commit will leave it."""
        entry = self._pending.get(track.id)
        return entry.after if entry and entry.after else track

    def _become(self, before: Track, after: Track) -> Track:
        entry = self._entry(before.id)
        entry.before, entry.after = entry.before or before, after
        return after

    def _check_lease(self, before: Track) -> None:
        if before.is_task:
            claims.check_write(before, self.actor, self.fence, clock.now())

    def unblocked(self, before: Track, after: Track) -> list[Track] | None:
        """Return the open tasks for which a completed one was the last to wait for; None for any other change.

        At most a hundred; 1 round trip, and 1 more when others depend on it. What others wait for is as the pipeline
        counted it last.
        """
        if not after.is_task or not lifecycle.is_done(after.status) or lifecycle.is_done(before.status):
            return None
        ids = next(edges.dependents(self.table, before))
        waiting = self.find(ids).values() if ids else ()
        return [each for each in waiting if each.open_dependencies == 1 and each.status not in lifecycle.FINAL]

    def _check_graph(self) -> None:
        """Refuse references among the gathered tracks that do not fit, and cycles.

        New tracks alone can only form cycles with each other: nothing older depends on them. When an existing
        track gains an edge, what it leads to is walked, one read per level, and the tenant's guard row is
        incremented with the commit, so that two changes that are harmless alone close no circle together.
        """
        for track_id, entry in self._pending.items():
            if entry.after and entry.needed_as and not _fits(entry.after, entry.needed_as, entry.needed_by):
                raise self.unknown(entry.field, entry.needed_as, track_id)
        changed = [e.after for e in self._pending.values() if e.after and not e.after.deleted_at]
        self._guarded = any(
            e.before and e.after and dependencies.adds_edges(e.before, e.after) for e in self._pending.values()
        )
        known = self._walk(changed) if self._guarded else {}
        dependencies.refuse_cycles(changed, known, self.spell)

    def _walk(self, changed: Sequence[Track]) -> dict[str, Track]:
        """Read everything that the changed tracks lead to; raises Invalid above WALK_MAX tracks.

        Others' personal tracks are walked too: one that was shared once may still close a circle. Not walked is what
        the request deletes.
        """
        known = {track.id: track for track in changed}
        passed = {track_id for track_id, entry in self._pending.items() if entry.after}
        frontier = {ref for track in changed for ref in self._outgoing(track)} - passed
        self.prefetch(sorted(frontier), guard=True)
        while frontier:
            self.prefetch(sorted(frontier))
            found = [self._seen[ref] for ref in frontier if ref in self._seen]
            known |= {track.id: track for track in found}
            passed |= frontier
            frontier = {ref for track in found for ref in self._outgoing(track)} - passed
            if len(known) + len(frontier) > dependencies.WALK_MAX:
                problem = f"leads to more than {dependencies.WALK_MAX} tracks"
                raise Invalid(FieldError("dependsOn", problem, "a shorter chain of dependencies", "too_many"))
        return known

    @staticmethod
    def _outgoing(track: Track) -> tuple[str, ...]:
        return (*track.depends_on, *((track.parent_id,) if track.parent_id else ()))

    def _numbered(self, track: Track, before: Track | None) -> Track:
        """Give a task that enters a goal the next number there; one that leaves it loses its number."""
        old_goal = before.goal_id if before else None
        if track.goal_id == old_goal or not track.is_task:
            return track
        if track.goal_id is None:
            return replace(track, number=None)
        goal_entry = self._pending.get(track.goal_id)
        goal = goal_entry.after if goal_entry and goal_entry.after else None
        goal = goal or self.find([track.goal_id]).get(track.goal_id)
        if goal is None or goal.is_task or (goal.owner and goal.owner != track.owner):
            raise self.unknown(self.spell(track, "goalId", track.goal_id), "goal", track.goal_id)
        entry = self._entry(goal.id)
        if entry.after is None:
            entry.before = goal
        entry.drawn += 1
        return replace(track, number=(goal.next_number or 1) + entry.drawn - 1)

    def _need_references(self, track: Track, references: Iterable[tuple[str, str]]) -> None:
        for ref, name in references:
            field = self.spell(track, name, ref)
            if ref == track.id:
                raise Cycle(field, [ref, ref])
            entry = self._entry(ref)
            wanted: TrackType = "task" if track.is_task and name != "goalId" else "goal"
            if entry.needed_as and entry.needed_as != wanted:
                # What goalId names was read when its number was drawn: it is the other reference that is wrong.
                wrong = (entry.field, entry.needed_as) if name == "goalId" else (field, wanted)
                raise self.unknown(*wrong, ref)
            # What several tracks refer to must be visible to all who see any of them.
            shared = entry.needed_as is not None and entry.needed_by != track.owner
            entry.needed_by = None if shared else track.owner
            entry.needed_as, entry.field = wanted, field

    def _entry(self, track_id: str) -> _Pending:
        return self._pending.setdefault(track_id, _Pending())

    @staticmethod
    def unknown(name: str, wanted: TrackType, ref: str) -> UnknownReference:
        """The error for a reference that leads nowhere the actor may go."""
        problem = f"{ref} is not the id of a {wanted} that this track can refer to"
        return UnknownReference(FieldError(name, problem, f"the id of a {wanted}", "unknown_reference"))

    # ------------------------------------------------------------ commit
    @property
    def has_changes(self) -> bool:
        """Tell whether a commit would write anything."""
        return bool(self._pending or self.extra)

    def commit(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Write everything gathered, and the answer under its idempotency key, in one go.

        Raises Stale when a version moved, UnknownReference when a reference vanished, Replay or
        IdempotencyConflict when the key was used before.
        """
        self._check_graph()
        entries = [(track_id, entry, self._action(track_id, entry)) for track_id, entry in self._pending.items()]
        written = [each for each in entries if each[2] is not None]
        actions: list[Item] = [action for _, _, action in written if action is not None] + self.extra
        if self._guarded:
            actions.append(self._guard_action())
        if self.key:
            actions.append(idempotency.remember(self.key, status, headers, body))
        if len(actions) > ACTIONS_MAX:
            raise Invalid(
                FieldError(
                    "body",
                    f"needs {len(actions)} rows to be written or checked at once; a transaction has {ACTIONS_MAX}",
                    "fewer drafts, or fewer references to tracks outside the request",
                    "too_many",
                )
            )
        if not actions:
            return
        try:
            # Named, so that sending it again after a lost answer writes nothing twice.
            self.table.write(actions, token=new_id(), until=self.write_by)
        except ConditionFailed as refused:
            if self.key:
                self._replay_if(idempotency.recall(refused.items[-1]))
            self._explain(refused, written)

    def _action(self, track_id: str, entry: _Pending) -> Item | None:
        if entry.after is None:
            if entry.drawn and entry.before:
                return self._draw(entry.before, entry.drawn)
            if entry.needed_done:
                return rows.must_be_done(self.actor.tenant_id, track_id)
            assert entry.needed_as is not None
            return rows.must_exist(self.actor.tenant_id, track_id, entry.needed_as, entry.needed_by)
        after = entry.after
        if entry.drawn:
            after = replace(after, next_number=(after.next_number or 1) + entry.drawn)
        if entry.before is None:
            return rows.put(after)
        action = rows.update(entry.before, after)
        if entry.drawn:
            condition, values = _counter_stands(entry.before)
            action["Update"]["ConditionExpression"] += f" AND {condition}"
            action["Update"]["ExpressionAttributeValues"] |= values
        return action

    def _draw(self, goal: Track, count: int) -> Item:
        """Take numbers from a goal: its counter must still stand where we read it, and the goal must live."""
        pk, sk = keys.track(goal.tenant_id, goal.id)
        condition, values = _counter_stands(goal)
        return {
            "Update": {
                "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
                "UpdateExpression": "SET next_number = :next",
                "ConditionExpression": f"attribute_exists(pk) AND attribute_not_exists(deleted_at) AND {condition}",
                "ExpressionAttributeValues": values | {":next": {"N": str((goal.next_number or 1) + count)}},
            }
        }

    def _guard_action(self) -> Item:
        pk, sk = keys.graph_guard(self.actor.tenant_id)
        was = self._guard or 0
        return {
            "Update": {
                "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
                "UpdateExpression": "SET edges = :next",
                "ConditionExpression": "edges = :was" if was else "attribute_not_exists(edges)",
                "ExpressionAttributeValues": {":next": {"N": str(was + 1)}}
                | ({":was": {"N": str(was)}} if was else {}),
            }
        }

    def _explain(self, refused: ConditionFailed, written: Sequence[tuple[str, _Pending, Item | None]]) -> None:
        for (track_id, entry, _), item in zip(written, refused.items, strict=False):
            if item is None:
                continue
            if entry.after is None and entry.needed_as and not entry.drawn:
                raise self.unknown(entry.field, entry.needed_as, track_id) from refused
            if len(refused.items) == 1 and entry.after and self._is_ours(item, entry.after):
                return  # the first attempt went through and only its answer was lost
        raise Stale from refused

    def _is_ours(self, item: Item, after: Track) -> bool:
        return item.get("changed_request", {}).get("S") == self.request_id and item.get("version", {}).get("N") == str(
            after.version
        )


def _fits(track: Track, wanted: TrackType, owner: str | None) -> bool:
    return track.type == wanted and not track.deleted_at and track.owner in (None, owner)


def _counter_stands(goal: Track) -> tuple[str, Item]:
    """The condition that nobody drew a number from the goal since it was read, with its values."""
    if goal.next_number is None:
        return "attribute_not_exists(next_number)", {}
    return "next_number = :drawn", {":drawn": {"N": str(goal.next_number)}}
