"""Claims: one worker's exclusive right to a task, until it is released, the task ends, or the lease runs out.

A lease counts by the clock alone. Each new lease gets the next fence of its task: a number that only grows, so that
a worker who was taken for dead and comes back is told apart from the one who holds the task now.
"""

from collections.abc import Mapping
from typing import Any

from switchyard.domain import clock, lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.errors import Conflict
from switchyard.domain.tracks import Track

#: Seconds of a lease: the longest, and the one a client gets that names none.
LEASE_MAX = 86_400
LEASE_DEFAULT = 300


class NotClaimable(Conflict):
    """The task is finished, blocked, or assigned to someone else."""

    code, title = "not_claimable", "The task can not be claimed"


class Leased(Conflict):
    """Someone else holds the task; the error says until when."""

    code, title = "leased", "The task is claimed by someone else"

    def __init__(self, track: Track) -> None:
        super().__init__(f"The task is claimed by {track.holder} until {track.lease_until}.")


class StaleFence(Conflict):
    """The lease that the caller speaks of is over, or never was."""

    code, title = "stale_fence", "The lease is over"


def is_leased(track: Track, now: str) -> bool:
    """Tell by the clock whether someone holds the task."""
    return track.lease_until is not None and track.lease_until > now


def holds(actor: Actor, track: Track, now: str) -> bool:
    """Tell whether the actor holds the task."""
    return track.holder == actor.id and is_leased(track, now)


def check_write(track: Track, actor: Actor, fence: int | None, now: str) -> None:
    """Raise unless the actor may change the task now.

    StaleFence when a fence is given that is not the one of the actor's live lease, Leased when someone else has one.
    """
    if fence is not None and not (holds(actor, track, now) and track.fence == fence):
        given_out = "no lease was ever given" if track.fence is None else f"the latest fence is {track.fence}"
        raise StaleFence(f"You hold no live lease on the task with the fence {fence}: {given_out}. Claim it again.")
    if is_leased(track, now) and track.holder != actor.id:
        raise Leased(track)


def check_held(track: Track, actor: Actor, now: str) -> None:
    """Raise unless the actor holds the task: Leased when someone else does, StaleFence when nobody does."""
    if is_leased(track, now) and track.holder != actor.id:
        raise Leased(track)
    if not holds(actor, track, now):
        raise StaleFence("You hold no live lease on the task: it ran out or was released. Claim the task again.")


def check_claimable(track: Track, actor: Actor) -> None:
    """Raise NotClaimable for a finished task and for one that is assigned to someone else."""
    if track.status in lifecycle.FINAL:
        raise NotClaimable(f"The task is {track.status} and can not be claimed.")
    if track.assignee not in (None, actor.id):
        raise NotClaimable(f"The task is assigned to {track.assignee}: only they can claim it.")


def taken(track: Track, actor: Actor, seconds: int, now: float) -> Mapping[str, Any]:
    """Return the fields of a new lease, which begins the work on the task."""
    return {
        "holder": actor.id,
        "fence": (track.fence or 0) + 1,
        "lease_until": clock.stamp(now + seconds),
        "status": "in_progress",
    }


def released(track: Track) -> Mapping[str, Any]:
    """Return the fields of a task that goes back into the pool."""
    status = "todo" if track.status == "in_progress" else track.status
    return {"holder": None, "lease_until": None, "status": status}


def is_drawable(track: Track) -> bool:
    """Tell whether a worker may draw the task once no lease is alive: shared, open, and nothing it waits for is open.

    Work that began without a claim is someone's already: it can be claimed by its id, but is not handed out.
    """
    if not track.is_task or track.owner or track.deleted_at:
        return False
    waits = bool(track.depends_on) and track.open_dependencies != 0
    begun = track.status == "in_progress" and track.lease_until is None
    return not waits and not begun and track.status not in lifecycle.FINAL
