"""From an item to the draft that the service takes: words, bounds, times; what is cut is told."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from switchyard_client.importing.plan import Node
from switchyard_client.importing.records import (
    DESCRIPTION_MAX,
    GOAL_STATUS,
    ID_MAX,
    METADATA_MAX,
    TITLE_MAX,
    Item,
)

#: Tells of an item what is done to it.
Tell = Callable[[str, str], None]

_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z")


def draft(item: Item, node: Node, names: Callable[[str], str], history: bool, tell: Tell) -> dict[str, Any]:
    """Return the draft of an item; `names` gives external ids, `history` tells that times of the past are allowed."""
    title = " ".join(item.title.split()) or "(no title)"
    if len(title) > TITLE_MAX:
        tell("cut", f"the title has {len(title)} characters: the whole of it begins the description")
    description = item.description if len(title) <= TITLE_MAX else f"{title}\n\n{item.description}"
    if len(description) > DESCRIPTION_MAX:
        tell("cut", f"the description has {len(description)} characters: the first {DESCRIPTION_MAX} are taken")
    made: dict[str, Any] = {
        "externalId": names(item.name),
        "title": title if len(title) <= TITLE_MAX else title[: TITLE_MAX - 1] + "…",
        "description": description[:DESCRIPTION_MAX],
        "priority": item.priority or "medium",
        "metadata": _metadata(item, tell),
    }
    due = day(item.due)
    if item.due and not due:
        tell("cut", f"the due date {item.due[:40]!r} is no date: it is left out")
    own: dict[str, Any] = {
        "dueDate": due or "",
        "dependsOn": [names(each) for each in node.depends_on],
        "parentId": names(node.parent) if node.parent else "",
    }
    if node.kind == "goal":
        # What is open follows its tasks.
        if item.status not in (None, "todo", "in_progress"):
            own["status"] = GOAL_STATUS[item.status]
    else:
        own["status"] = item.status or ""
        own["assignee"] = _assignee(item, tell)
        own["goalId"] = names(node.goal) if node.goal else ""
    made[node.kind] = own
    return made | (_times(item) if history else {})


def _assignee(item: Item, tell: Tell) -> str:
    given = item.assignee or ""
    if len(given) <= ID_MAX and given.isprintable():
        return given
    tell("cut", "the assignee is no name: it is left out")
    return ""


def _metadata(item: Item, tell: Tell) -> dict[str, Any]:
    """Return what is kept beside; the largest parts go where it is too much."""
    kept = {name: dict(value) if isinstance(value, dict) else value for name, value in item.metadata.items()}
    while _size(kept) > METADATA_MAX - 256:
        inner = next((each for each in kept.values() if isinstance(each, dict) and each), kept)
        largest = max(inner, key=lambda name: _size(inner[name]))
        tell("cut", f"{largest} is left out: what the service has no field for may have {METADATA_MAX} bytes")
        del inner[largest]
    return kept


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass"))


def _times(item: Item) -> dict[str, str]:
    created = instant(item.created)
    completed = instant(item.completed) if item.status == "done" else None
    found = {"createdAt": created} if created else {}
    if completed:
        # Clocks of several machines: nothing ended before it began.
        found["completedAt"] = max(completed, created or completed)
    return found


def instant(text: str | None) -> str | None:
    """Return a time of the past as the service takes it; None for none, one to come, or one before 1970."""
    if not text:
        return None
    given = _COMPACT.sub(r"\1-\2-\3T\4:\5:\6Z", text.strip())
    try:
        moment = datetime.fromisoformat(given)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not datetime(1970, 1, 1, tzinfo=UTC) <= moment <= datetime.now(UTC):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day(text: str | None) -> str | None:
    """Return the day of a date or time; None for what is none."""
    if not text:
        return None
    given = _COMPACT.sub(r"\1-\2-\3T\4:\5:\6Z", text.strip())
    try:
        return datetime.fromisoformat(given).date().isoformat()
    except ValueError:
        return None
