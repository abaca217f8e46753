"""The one state machine behind five vocabularies (docs/architecture.md has the table)."""

from typing import Literal

TrackType = Literal["task", "goal"]

TASK_STATUSES = ("backlog", "todo", "in_progress", "done", "cancelled")
GOAL_STATUSES = ("not_started", "on_track", "at_risk", "postponed", "completed", "cancelled")
PRIORITIES = ("urgent", "high", "medium", "low")
#: What a task has of which nobody says else: nearly all of them.
USUAL_PRIORITY = "medium"

#: Finished tasks: nothing waits for them any more, or ever will.
FINAL = frozenset({"done", "cancelled", "completed"})

# One letter a status, in the sort key of the lists: a list by status reads one key range.
_CODES: dict[TrackType, dict[str | None, str]] = {
    "task": {"in_progress": "a", None: "b", "backlog": "c", "todo": "d", "done": "e", "cancelled": "f"},
    "goal": {
        "not_started": "a",
        "on_track": "b",
        "at_risk": "c",
        "postponed": "d",
        "completed": "e",
        "cancelled": "f",
    },
}


def statuses(kind: TrackType) -> tuple[str, ...]:
    """Return the words a track of this type can have as its status."""
    return TASK_STATUSES if kind == "task" else GOAL_STATUSES


def code(kind: TrackType, status: str | None) -> str:
    """Return the letter under which lists sort this status."""
    return _CODES[kind][status]


def all_codes(kind: TrackType) -> list[str]:
    """Return the letters of every status of a type."""
    return list(_CODES[kind].values())


def open_codes(kind: TrackType) -> tuple[str, str]:
    """Return the first and the last letter of the statuses that are not final: they lie side by side."""
    found = [code for status, code in _CODES[kind].items() if status not in FINAL]
    return min(found), max(found)


def is_done(status: str | None) -> bool:
    """Return whether a task (or goal) reached its successful end: what depends on it may start."""
    return status in ("done", "completed")
