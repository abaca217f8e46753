"""Task Master: `tasks.json`, with lists by tag or one list, and subtasks."""

from collections.abc import Iterator
from typing import Any

from switchyard_client.importing import sections
from switchyard_client.importing.records import Item, Status
from switchyard_client.importing.sources import Source, WrongFile

PREFIX = "taskmaster"
STATUS: dict[str, Status] = {
    "pending": "todo",
    "todo": "todo",
    "blocked": "todo",
    "in-progress": "in_progress",
    "review": "in_progress",
    "done": "done",
    "completed": "done",
    "deferred": "backlog",
    "cancelled": "cancelled",
}
PRIORITY = {"critical": "urgent", "high": "high", "medium": "medium", "low": "low"}
_SECTIONS = {"Details": "details", "Test strategy": "testStrategy"}
_MAPPED = {"id", "title", "description", "dependencies", "subtasks", "status", "priority", *_SECTIONS.values()}


def read(source: Source) -> Iterator[Item]:
    """Make a goal of each tag, a task of each task, and a task below it of each subtask."""
    document = source.document()
    if not isinstance(document, dict):
        raise WrongFile(f"{source.path.name} has no object with tasks")
    single = isinstance(document.get("tasks"), list)
    tags = {"master": document} if single else {name: each for name, each in document.items() if _has_tasks(each)}
    if not tags:
        raise WrongFile(f"{source.path.name} has no tag with a list of tasks")
    for tag, content in tags.items():
        about = content.get("metadata") or {}
        text = str(about.get("description") or "") if isinstance(about, dict) else ""
        yield Item(name=tag, title=tag, description=text, container=True, status="todo")
        yield from _tasks(source, tag, content["tasks"])


def _has_tasks(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get("tasks"), list)


def _tasks(source: Source, tag: str, tasks: list[Any]) -> Iterator[Item]:
    for place, task in enumerate(tasks, 1):
        if not isinstance(task, dict) or task.get("id") is None:
            source.tell("unreadable", (f"{tag}, task {place}",), "has no id, left out")
            continue
        name = f"{tag}.{task['id']}"
        yield _item(source, task, name, tag, place, goal=tag)
        for inner_place, inner in enumerate(task.get("subtasks") or (), 1):
            if not isinstance(inner, dict) or inner.get("id") is None:
                source.tell("unreadable", (f"{name}, subtask {inner_place}",), "has no id, left out")
                continue
            yield _item(source, inner, f"{name}.{inner['id']}", tag, place, goal=tag, parent=name)


def _item(
    source: Source, task: dict[str, Any], name: str, tag: str, place: int, goal: str, parent: str | None = None
) -> Item:
    status = str(task.get("status") or "pending")
    if status not in STATUS:
        source.tell(
            "unknown status", (name,), f"{status!r} is kept beside, and the item is one to be done", loses=False
        )
    parts = {heading: str(task.get(field) or "") for heading, field in _SECTIONS.items()}
    beside = {key: value for key, value in task.items() if key not in _MAPPED} | {"status": status}
    return Item(
        name=name,
        title=str(task.get("title") or ""),
        description=sections.join(str(task.get("description") or ""), parts),
        status=STATUS.get(status, "todo"),
        priority=PRIORITY.get(str(task.get("priority") or ""), "medium"),
        goal=goal,
        parent=parent,
        depends_on=[_name(each, tag, parent) for each in task.get("dependencies") or ()],
        metadata={"taskmaster": beside},
        line=place,
    )


def _name(ref: Any, tag: str, parent: str | None) -> str:
    """Return the name that a dependency means: `3` of a subtask is its sibling, `2.3` a subtask, `3` else a task."""
    text = str(ref)
    if "." not in text and parent is not None:
        return f"{parent}.{text}"
    return f"{tag}.{text}"
