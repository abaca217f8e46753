"""What every format is read into: items of a plan by the source's own names, and what was wrong with it."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

#: What the service takes, in characters, bytes of JSON and references.
TITLE_MAX, DESCRIPTION_MAX, METADATA_MAX, DEPENDS_MAX, ID_MAX = 200, 20_000, 32_768, 50, 128

Kind = Literal["task", "goal"]
#: The words of this package for where work stands; each becomes a task's or a goal's own.
Status = Literal["backlog", "todo", "in_progress", "done", "cancelled"]

GOAL_STATUS: dict[Status, str] = {
    "backlog": "postponed",
    "todo": "not_started",
    "in_progress": "on_track",
    "done": "completed",
    "cancelled": "cancelled",
}


@dataclass(slots=True)
class Item:
    """One task or goal of the source. `name` is the source's own; references are such names.

    `parent` may name a task or a goal: what it becomes depends on that. `container` tells that the item is a group in
    the source (an epic, a milestone), a goal unless tasks wait for it. Times are ISO 8601 as the source has them.
    `metadata` is what the service has no field for, kept for the way back.
    """

    name: str
    title: str
    description: str = ""
    status: Status | None = None
    priority: str | None = None
    due: str | None = None
    assignee: str | None = None
    parent: str | None = None
    goal: str | None = None
    depends_on: list[str] = field(default_factory=list)
    container: bool = False
    created: str | None = None
    completed: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the source: `kind`, the source's names, and what is done about it.

    `loses` tells that something of the source is not imported.
    """

    kind: str
    names: tuple[str, ...]
    does: str
    loses: bool = True

    def __str__(self) -> str:
        return f"{self.kind}: {' -> '.join(self.names)}: {self.does}"


def external_id(prefix: str, name: str) -> str:
    """Return the external id of a source's name: as it is, or hashed where the service takes it not."""
    whole = f"{prefix}:{name}" if prefix else name
    if len(whole) <= ID_MAX and whole.isprintable():
        return whole
    return f"{prefix[: ID_MAX - 42]}:{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:40]}"
