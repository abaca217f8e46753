"""Our own lines, as `switchyard export` writes them: a track as the API shows it, references by external ids."""

from collections.abc import Iterator
from typing import Any

from switchyard_client.importing.records import GOAL_STATUS, Item, Status
from switchyard_client.importing.sources import Source

#: The names are external ids themselves.
PREFIX = ""
#: Goals have six words, items five: at risk is under way.
_FROM_GOAL: dict[str, Status] = {word: status for status, word in GOAL_STATUS.items()} | {"at_risk": "in_progress"}


def read(source: Source) -> Iterator[Item]:
    """Make an item of each line."""
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
        status=status,
        priority=track.get("priority"),
        due=track.get("due"),
        assignee=track.get("assignee"),
        parent=track.get("parent"),
        goal=track.get("goal"),
        depends_on=[str(each) for each in track.get("dependsOn") or ()],
        container=goal,
        created=track.get("createdAt"),
        completed=track.get("completedAt"),
        metadata=track.get("metadata") or {},
        line=line,
    )
