"""Taskwarrior: `task export`, as one array or an object a line."""

from collections.abc import Iterator
from typing import Any

from switchyard_client.importing.records import Item, Status
from switchyard_client.importing.sources import Source

PREFIX = "taskwarrior"
_STATUS: dict[str, Status] = {"pending": "todo", "waiting": "backlog", "completed": "done", "deleted": "cancelled"}
_PRIORITY = {"H": "high", "M": "medium", "L": "low"}
_MAPPED = {"uuid", "description", "status", "priority", "due", "depends", "entry", "end", "id", "urgency", "modified"}


def read(source: Source) -> Iterator[Item]:
    """Make a task of each task, and a goal of each project with the projects above it."""
    projects: set[str] = set()
    for line, task in source.objects():
        name = task.get("uuid")
        if not isinstance(name, str) or not name:
            source.tell("unreadable", (f"item {line}",), "has no uuid, left out")
            continue
        if task.get("status") == "recurring":
            source.tell("recurring", (name,), "is a template of others: left out")
            continue
        project = str(task.get("project") or "")
        parts = project.split(".") if project else []
        for depth in range(len(parts)):
            path = ".".join(parts[: depth + 1])
            if path not in projects:
                projects.add(path)
                above = f"project {path.rpartition('.')[0]}" if depth else None
                yield Item(name=f"project {path}", title=path, parent=above, container=True, status="todo", line=line)
        yield _item(task, name, project, line)


def _item(task: dict[str, Any], name: str, project: str, line: int) -> Item:
    notes = [each for each in task.get("annotations") or () if isinstance(each, dict)]
    depends = task.get("depends") or ()
    status = _STATUS.get(str(task.get("status")), "todo")
    return Item(
        name=name,
        title=str(task.get("description") or ""),
        description="\n".join(str(each.get("description") or "") for each in notes),
        status="in_progress" if status == "todo" and task.get("start") else status,
        priority=_PRIORITY.get(str(task.get("priority"))),
        due=task.get("due"),
        goal=f"project {project}" if project else None,
        # Older versions write one text with commas.
        depends_on=depends.split(",") if isinstance(depends, str) else [str(each) for each in depends],
        created=task.get("entry"),
        completed=task.get("end"),
        metadata={"taskwarrior": {key: value for key, value in task.items() if key not in _MAPPED}},
        line=line,
    )
