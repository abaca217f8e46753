"""Our own files, as `switchyard export` writes them: JSON lines, or CSV. References are external ids."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from switchyard_client.importing.formats.tables import FIELDS, rows
from switchyard_client.importing.records import GOAL_STATUS, Item, Status
from switchyard_client.importing.sources import Source

#: The names are external ids themselves.
PREFIX = ""
#: Goals have six words, items five: at risk is under way.
_FROM_GOAL: dict[str, Status] = {word: status for status, word in GOAL_STATUS.items()} | {"at_risk": "in_progress"}
#: The columns of an exported table.
COLUMNS = ("type", *FIELDS, "completed")
_ESCAPED = re.compile(r"\\(.)|(; )")


def joined(names: Iterable[str]) -> str:
    """Return names as one cell, in which a backslash stands before what would separate them."""
    return "; ".join(name.replace("\\", "\\\\").replace(";", "\\;") for name in names)


def parted(cell: str) -> list[str]:
    """Return the names of a cell."""
    marked = _ESCAPED.sub(lambda found: found[1] or "\x00", cell)
    return [each for each in marked.split("\x00") if each]


def is_table(head: str) -> bool:
    """Return whether a file that begins so is an exported table."""
    return head.split("\n", 1)[0].rstrip("\r") == ",".join(COLUMNS)


def read(source: Source) -> Iterator[Item]:
    """Make an item of each line, or of each row."""
    if is_table(source.head().decode("utf-8", "replace")):
        for number, row in rows(source, COLUMNS):
            if row["type"] not in ("task", "goal") or not row["id"]:
                source.tell("unreadable", (f"row {number}",), "is no exported track, left out")
                continue
            own = {"name": row["id"], "createdAt": row["created"], "completedAt": row["completed"]}
            yield _item({**row, **own, "dependsOn": parted(row["depends"])}, number)
        return
    for line, given in source.objects():
        track = given.get("switchyard")
        if not isinstance(track, dict) or track.get("type") not in ("task", "goal") or not track.get("name"):
            source.tell("unreadable", (f"line {line}",), "is no exported track, left out")
            continue
        yield _item(track, line)


def _item(track: dict[str, Any], line: int) -> Item:
    goal = track["type"] == "goal"
    status = _FROM_GOAL.get(str(track.get("status"))) if goal else track.get("status")
    return Item(
        name=str(track["name"]),
        title=str(track.get("title") or ""),
        description=str(track.get("description") or ""),
        status=status or None,
        priority=track.get("priority"),
        due=track.get("due"),
        assignee=track.get("assignee"),
        parent=track.get("parent") or None,
        goal=track.get("goal") or None,
        depends_on=[str(each) for each in track.get("dependsOn") or ()],
        container=goal,
        created=track.get("createdAt"),
        completed=track.get("completedAt"),
        metadata=track.get("metadata") or {},
        line=line,
    )
