"""Verbs of claims on tasks: the actor's exclusive right to work on one, until the lease runs out."""

from time import time

from switchyard.domain import claims, clock, tracks
from switchyard.domain.structs import replace
from switchyard.domain.tracks import Track
from switchyard.ledger.unit import Unit
from switchyard.store import keys, leases
from switchyard.store import tracks as track_rows


def claim(unit: Unit, before: Track, seconds: int) -> Track:
    """Gather a lease on a task that was read; one that the actor holds already is extended.

    The commit holds only while all that the task depends on is done. Raises NotClaimable, Leased or StaleFence.
    """
    now = clock.now()
    claims.check_write(before, unit.actor, unit.fence, now)
    claims.check_claimable(before, unit.actor)
    if claims.holds(unit.actor, before, now):
        return _extended(unit, before, seconds)
    unit.require_done(before.depends_on)
    taken = claims.taken(before, unit.actor, seconds, time())
    return unit.become(before, tracks.change(before, unit.actor, unit.request_id, **taken))


def keep(unit: Unit, track_id: str, seconds: int) -> Track | None:
    """Extend the lease that the actor holds on a shared task, at once; None where that takes a look: see `extend`.

    1 round trip. A request with an idempotency key always takes the look, which its key needs too.
    """
    if unit.key or unit.attempt:
        return None
    key = keys.track(unit.actor.tenant_id, track_id)
    row, is_done = leases.extend(unit.table, key, unit.actor.id, unit.fence, time(), seconds, {})
    if is_done:
        return track_rows.from_item(row)
    unit.note_read(key, row)
    return None


def extend(unit: Unit, before: Track, seconds: int) -> Track:
    """Gather a later end of the lease that the actor holds: no new version, and nothing for the trail."""
    claims.check_held(before, unit.actor, unit.fence, clock.now())
    return _extended(unit, before, seconds)


def release(unit: Unit, before: Track) -> Track:
    """Gather the end of the lease that the actor holds: the task is back in the pool."""
    claims.check_held(before, unit.actor, unit.fence, clock.now())
    return unit.become(before, tracks.change(before, unit.actor, unit.request_id, **claims.released(before)))


def _extended(unit: Unit, before: Track, seconds: int) -> Track:
    now = time()
    return unit.become(before, replace(before, **claims.extended(before, seconds, clock.stamp(now + seconds), now)))
