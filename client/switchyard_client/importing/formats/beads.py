"""beads: `issues.jsonl`, an issue a line, with edges of many kinds (schema of bd 0.2x to 0.5x)."""

from collections.abc import Iterator
from typing import Any

from switchyard_client.importing import sections
from switchyard_client.importing.records import Item, Status
from switchyard_client.importing.sources import Source

PREFIX = "beads"
#: Kinds of edges by which an issue waits for another one. All others are kept beside.
WAITS = ("blocks", "conditional-blocks", "waits-for")
PARENT = "parent-child"
STATUS: dict[str, Status] = {
    "open": "todo",
    "in_progress": "in_progress",
    "hooked": "in_progress",
    "blocked": "todo",
    "deferred": "backlog",
    "pinned": "todo",
    "closed": "done",
}
PRIORITY = ("urgent", "high", "medium", "low", "low")
SECTIONS = {"Design": "design", "Acceptance criteria": "acceptance_criteria", "Notes": "notes"}
#: Fields that the service has its own for.
_MAPPED = {
    *("id", "title", "description", "status", "priority", "assignee", "created_at", "closed_at", "due_at"),
    *SECTIONS.values(),
}


def read(source: Source) -> Iterator[Item]:
    """Make items of the issues; deleted ones are left out."""
    for line, issue in source.objects():
        name = issue.get("id")
        if not isinstance(name, str) or not name:
            source.tell("unreadable", (f"line {line}",), "has no id, left out")
        elif issue.get("status") == "tombstone":
            source.tell("deleted", (name,), "is deleted at its source: left out", loses=False)
        else:
            yield _item(issue, name, line, source)


def _item(issue: dict[str, Any], name: str, line: int, source: Source) -> Item:
    edges = [each for each in issue.get("dependencies") or () if isinstance(each, dict)]
    parents = [str(each.get("depends_on_id")) for each in edges if each.get("type") == PARENT]
    for extra in parents[1:]:
        source.tell("two parents", (name, extra), "an item has one parent: the first is taken")
    status, priority = str(issue.get("status") or "open"), issue.get("priority")
    if status not in STATUS:
        source.tell(
            "unknown status", (name,), f"{status!r} is kept beside, and the item is one to be done", loses=False
        )
    parts = {heading: str(issue.get(field) or "") for heading, field in SECTIONS.items()}
    return Item(
        name=name,
        title=str(issue.get("title") or ""),
        description=sections.join(str(issue.get("description") or ""), parts),
        status=STATUS.get(status, "todo"),
        priority=PRIORITY[priority] if isinstance(priority, int) and 0 <= priority <= 4 else "medium",
        due=issue.get("due_at"),
        assignee=issue.get("assignee"),
        parent=parents[0] if parents else None,
        depends_on=[str(each.get("depends_on_id")) for each in edges if each.get("type", "blocks") in WAITS],
        container=issue.get("issue_type") == "epic",
        created=issue.get("created_at"),
        completed=issue.get("closed_at"),
        metadata={"beads": kept(issue)},
        line=line,
    )


def kept(issue: dict[str, Any]) -> dict[str, Any]:
    """Return what of an issue the service has no field for, and the words that it would not tell apart."""
    beside = {key: value for key, value in issue.items() if key not in _MAPPED}
    # A goal has no assignee: that of an epic is kept beside.
    own = (
        "status",
        "priority",
        "created_at",
        "closed_at",
        *(("assignee",) if issue.get("issue_type") == "epic" else ()),
    )
    return beside | {key: issue[key] for key in own if key in issue}
