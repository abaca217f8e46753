"""Claims: one worker's exclusive right to a task, until it is released, the task ends, or the lease runs out.

A lease counts by the clock alone. Each new lease gets the next fence of its task: a number that only grows, so that
a worker who was taken for dead and comes back is distinguished from the one who holds the task now.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from switchyard.domain import clock, lifecycle
from switchyard.domain.actors import Actor
from switchyard.domain.errors import ApprovalRequired, Conflict
from switchyard.domain.tracks import Track

#: Seconds of a lease: the longest, and the one a client gets that names none.
LEASE_MAX = 86_400
LEASE_DEFAULT = 300


class Claimable(Protocol):
    """What can be claimed: a task, or a run of one. `type` says which, in errors."""

    @property
    def type(self) -> str: ...
    @property
    def holder(self) -> str | None: ...
    @property
    def lease_until(self) -> str | None: ...
    @property
    def fence(self) -> int | None: ...
    @property
    def lease_listed(self) -> str | None: ...


class NotClaimable(Conflict):
    """The task (or run) is finished, blocked, or meant for someone else."""

    code, title = "not_claimable", "The task cannot be claimed"


class Leased(Conflict):
    """Someone else holds the task (or run); the error says until when."""

    code, title = "leased", "The task is claimed by someone else"

    def __init__(self, held: Claimable) -> None:
        super().__init__(f"The {held.type} is claimed by {held.holder} until {held.lease_until}.")


class StaleFence(Conflict):
    """The lease that the caller speaks of is over, or never was."""

    code, title = "stale_fence", "The lease is over"


def is_leased(held: Claimable, now: str) -> bool:
    """Return, by the clock, whether someone holds the task or run (`now` is an instant)."""
    return held.lease_until is not None and held.lease_until > now


def holds(actor: Actor, held: Claimable, now: str) -> bool:
    """Return, by the clock, whether the actor holds the task or run."""
    return held.holder == actor.id and is_leased(held, now)


def check_write(held: Claimable, actor: Actor, fence: int | None, now: str) -> None:
    """Raise unless the actor may change the task or run now.

    StaleFence when a fence is given that is not the one of the actor's live lease, Leased when someone else has one.
    """
    if fence is not None and not (holds(actor, held, now) and held.fence == fence):
        given_out = "no lease was ever given" if held.fence is None else f"the latest fence is {held.fence}"
        no_lease = f"You hold no live lease on the {held.type} with the fence {fence}"
        raise StaleFence(f"{no_lease}: {given_out}. Claim it again.")
    if is_leased(held, now) and held.holder != actor.id:
        raise Leased(held)


def check_held(held: Claimable, actor: Actor, fence: int | None, now: str) -> None:
    """Raise unless the actor holds it, under the fence where one is given.

    Leased when someone else does, StaleFence when nobody does or the fence is another one.
    """
    check_write(held, actor, fence, now)
    if not holds(actor, held, now):
        raise StaleFence(f"You hold no live lease on the {held.type}: it ran out or was released. Claim it again.")


def check_claimable(track: Track, actor: Actor) -> None:
    """Raise NotClaimable for a task that is finished, assigned to someone else, or carried out by a run."""
    if track.has_active_run:
        raise NotClaimable("A run of the task is under way: claim the run, or cancel it first.")
    if track.status in lifecycle.FINAL:
        raise NotClaimable(f"The task is {track.status} and cannot be claimed.")
    if track.requires_approval == "start" and actor.kind == "agent":
        raise NotClaimable("A person must approve the start of the task: start a run, which waits for that.")
    if track.assignee not in (None, actor.id):
        raise NotClaimable(f"The task is assigned to {track.assignee}: only they can claim it.")


def check_approval(task: Track, actor: Actor, fields: Mapping[str, Any]) -> None:
    """Raise ApprovalRequired for a change by which an agent would begin or end a task that a person must approve."""
    needed = task.requires_approval
    if needed is None or not needs_approval(actor):
        return
    if fields.get("requires_approval", needed) != needed:
        raise ApprovalRequired("Only a person changes what of the task must be approved.")
    status = fields.get("status", task.status)
    if status == task.status:
        return
    if needed == "completion" and lifecycle.is_done(status):
        raise ApprovalRequired("A person must confirm that the task is done: complete its run, which waits for that.")
    if needed == "start" and (status == "in_progress" or lifecycle.is_done(status)):
        raise ApprovalRequired("A person must approve the start of the task: start a run, which waits for that.")


def needs_approval(actor: Actor) -> bool:
    """Return whether a person must approve what the actor does: an agent other than the service itself."""
    return actor.kind == "agent" and actor.source != "workflow"


def taken(track: Track, actor: Actor, seconds: int, now: float) -> Mapping[str, Any]:
    """Return the fields of a new lease of so many seconds from `now` (epoch), which begins the work on the task."""
    return {
        "holder": actor.id,
        "fence": (track.fence or 0) + 1,
        "lease_until": clock.stamp(now + seconds),
        "lease_listed": None,
        "status": "in_progress",
    }


def listed_until(held: Claimable) -> str | None:
    """Return the instant by which lists of claims know the lease: its end, or an earlier one."""
    return held.lease_listed or held.lease_until


def extended(held: Claimable, seconds: float, until: str, now: float) -> Mapping[str, Any]:
    """Return the fields of a lease that now ends at `until`, `seconds` after `now` (epoch).

    Lists keep the end that they know while it is at least half of that away: most heartbeats write to no index.
    """
    known = listed_until(held)
    is_kept = known is not None and clock.stamp(now + seconds / 2) <= known <= until
    return {"lease_until": until, "lease_listed": known if is_kept else None}


def released(track: Track) -> Mapping[str, Any]:
    """Return the fields of a task that goes back into the pool."""
    status = "todo" if track.status == "in_progress" else track.status
    return {"holder": None, "lease_until": None, "lease_listed": None, "status": status}


def is_drawable(track: Track) -> bool:
    """Return whether a worker may draw the task once no lease is alive: shared, open, not blocked, no active run.

    A task whose start a person must approve cannot be drawn: only runs work on it, and they wait for the approval.
    Work that began without a claim is someone's already: it can be claimed by its id, but is not handed out.
    """
    if not track.is_task or track.owner or track.deleted_at or track.has_active_run:
        return False
    if track.requires_approval == "start":
        return False
    waits = bool(track.depends_on) and track.open_dependencies != 0
    begun = track.status == "in_progress" and track.lease_until is None
    return not waits and not begun and track.status not in lifecycle.FINAL
