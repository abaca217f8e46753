"""The pool's four statuses over the stored ones, and the transitions its document allows."""

from typing import Literal

from switchyard.domain.errors import Conflict

Status = Literal["pending", "in_progress", "completed", "cancelled"]

_GROUPS: dict[str, tuple[str | None, ...]] = {
    "pending": ("todo", "backlog", None),
    "in_progress": ("in_progress",),
    "completed": ("done",),
    "cancelled": ("cancelled",),
}
STATUSES = tuple(_GROUPS)
_SHOWN = {stored: word for word, group in _GROUPS.items() for stored in group}
_NEXT = {
    "pending": ("in_progress", "cancelled"),
    "in_progress": ("completed", "cancelled", "pending"),
    "completed": (),
    "cancelled": (),
}


class InvalidTransition(Conflict):
    """The workflow has no step between the two statuses; `allowed` are the next ones it has."""

    code, title = "invalid_transition", "The workflow has no such step"

    def __init__(self, now: str, wanted: str) -> None:
        self.allowed = _NEXT[now]
        following = ", ".join(self.allowed) or f"none, {now} is final"
        super().__init__(f"Invalid status transition from {now} to {wanted}. Allowed next states: {following}")


def shown(stored: str | None) -> str:
    """Return the pool's word for a stored status."""
    return _SHOWN[stored]


def group(word: str) -> tuple[str | None, ...]:
    """Return the stored statuses that a status of the pool covers; the first is the one it writes."""
    return _GROUPS[word]


def step(stored: str | None, wanted: str) -> str | None:
    """Return the status to store; one that is in the wanted group already stays.

    Raises InvalidTransition when the workflow has no such step.
    """
    now = shown(stored)
    if wanted == now:
        return stored
    if wanted not in _NEXT[now]:
        raise InvalidTransition(now, wanted)
    return _GROUPS[wanted][0]
