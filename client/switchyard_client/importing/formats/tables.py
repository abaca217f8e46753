"""Tables: Todoist's and Linear's CSV, and any CSV whose columns are mapped."""

import csv
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping

from switchyard_client.importing.records import Item, Status
from switchyard_client.importing.sources import ITEM_MAX, Source, WrongFile

#: Fields of an item that a column of any CSV may be mapped to.
FIELDS = ("id", "title", "description", "status", "priority", "due", "assignee", "parent", "goal", "depends", "created")
_STATUS: dict[str, Status] = {
    **dict.fromkeys(("backlog", "triage", "icebox", "deferred", "someday"), "backlog"),
    **dict.fromkeys(
        ("in progress", "in_progress", "in-progress", "started", "doing", "in review", "review"), "in_progress"
    ),
    **dict.fromkeys(("done", "completed", "complete", "closed", "resolved", "merged", "x", "true", "yes"), "done"),
    **dict.fromkeys(("cancelled", "canceled", "duplicate", "wontfix", "won't fix", "rejected"), "cancelled"),
}
_PRIORITY = {
    **dict.fromkeys(("urgent", "critical", "highest", "p0"), "urgent"),
    **dict.fromkeys(("high", "p1"), "high"),
    **dict.fromkeys(("low", "lowest", "p3", "p4"), "low"),
}
_MANY = re.compile(r"\s*[,;]\s*")


def rows(source: Source, needed: tuple[str, ...] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    """Return the rows by their columns' names. Raises WrongFile when a needed one is not there."""
    csv.field_size_limit(min(ITEM_MAX, sys.maxsize))
    between = _separator(source.head())
    with source.text() as file:
        # Strict, so that a quotation mark that is never closed is told, and does not swallow the rest.
        reader = csv.DictReader(file, delimiter=between, strict=True)
        try:
            columns = [each or "" for each in reader.fieldnames or ()]
        except csv.Error as error:
            raise WrongFile(f"{source.path.name} is no CSV: {error}") from None
        missing = [each for each in needed if each not in columns]
        if missing:
            raise WrongFile(
                f"{source.path.name} has no column {', '.join(missing)}: its columns are {', '.join(columns)}"
            )
        number = 1
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                source.tell("unreadable", (f"line {reader.line_num}",), f"{error}: left out")
                continue
            number += 1
            yield number, {name: value or "" for name, value in row.items() if isinstance(name, str)}


def _separator(head: bytes) -> str:
    """Return what is between the columns: spreadsheets write a semicolon where a comma is in numbers."""
    names = head.split(b"\n", 1)[0]
    return "," if b"," in names else ";" if b";" in names else "\t" if b"\t" in names else ","


def read_mapped(source: Source, mapping: Mapping[str, str]) -> Iterator[Item]:
    """Make a task of each row; `mapping` gives the column of each field, by default the one of its name.

    Goals are made of the values of `goal`. Without a column of ids, the title is the name.
    """
    if "title" not in mapping:
        between = _separator(source.head())
        with source.text() as file:
            columns = [each.strip() for each in next(csv.reader(file, delimiter=between), [])]
        by_name = {each.lower(): each for each in columns}
        mapping = {**{each: by_name[each] for each in FIELDS if each in by_name}, **mapping}
    if "title" not in mapping:
        known = ", ".join(columns)[:200]
        raise WrongFile(
            f"{source.path.name} has no column title: name the one that it is, --map title=COLUMN, of {known}"
        )
    goals: set[str] = set()
    for line, row in rows(source, tuple(mapping.values())):
        given = {field: row.get(column, "").strip() for field, column in mapping.items()}
        if not given["title"]:
            source.tell("unreadable", (f"row {line}",), "has no title, left out")
            continue
        goal = given.get("goal") or None
        if goal and goal not in goals:
            goals.add(goal)
            yield Item(name=f"goal {goal}", title=goal, container=True, status="todo", line=line)
        rest = {name: value for name, value in row.items() if value and name not in mapping.values()}
        yield Item(
            name=given.get("id") or given["title"],
            title=given["title"],
            description=given.get("description", ""),
            status=_STATUS.get(given.get("status", "").lower(), "todo"),
            priority=_PRIORITY.get(given.get("priority", "").lower(), "medium"),
            due=given.get("due") or None,
            assignee=given.get("assignee") or None,
            parent=given.get("parent") or None,
            goal=f"goal {goal}" if goal else None,
            depends_on=[each for each in _MANY.split(given.get("depends", "")) if each],
            created=given.get("created") or None,
            metadata={"csv": rest} if rest else {},
            line=line,
        )


def read_linear(source: Source) -> Iterator[Item]:
    """Make a task of each issue of Linear's export and a goal of each project."""
    goals: set[str] = set()
    for line, row in rows(source, ("ID", "Title", "Status")):
        name = row["ID"].strip()
        if not name:
            source.tell("unreadable", (f"row {line}",), "has no ID, left out")
            continue
        goal = row.get("Project", "").strip()
        if goal and goal not in goals:
            goals.add(goal)
            yield Item(name=f"project {goal}", title=goal, container=True, status="todo", line=line)
        blocked = row.get("Blocked by") or row.get("Blocked By") or ""
        kept = ("Team", "Estimate", "Labels", "Cycle Number", "Cycle Name", "Creator", "Status", "Initiatives")
        yield Item(
            name=name,
            title=row["Title"],
            description=row.get("Description", ""),
            status=_STATUS.get(row["Status"].strip().lower(), "todo"),
            priority=_PRIORITY.get(row.get("Priority", "").strip().lower(), "medium"),
            due=row.get("Due Date") or None,
            assignee=row.get("Assignee") or None,
            parent=row.get("Parent issue", "").strip() or None,
            goal=f"project {goal}" if goal else None,
            depends_on=[each for each in _MANY.split(blocked.strip()) if each],
            created=_linear_time(row.get("Created")),
            completed=_linear_time(row.get("Completed")),
            metadata={"linear": {each: row[each] for each in kept if row.get(each)}},
            line=line,
        )


def _linear_time(text: str | None) -> str | None:
    """Return a time that may be written as JavaScript does: `Wed Nov 26 2026 09:30:00 GMT+0000 (…)`."""
    if not text:
        return None
    match = re.match(r"\w{3} (\w{3}) (\d\d) (\d{4}) (\d\d:\d\d:\d\d) GMT([+-]\d{4})", text)
    if not match:
        return text
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    if match[1] not in months:
        return None
    zone = f"{match[5][:3]}:{match[5][3:]}"
    return f"{match[3]}-{months.index(match[1]) + 1:02d}-{match[2]}T{match[4]}{zone}"


_TODOIST_PRIORITY = {"1": "urgent", "2": "high", "3": "medium", "4": "low"}
_PERSON = re.compile(r"(.*?)\s*\(\d+\)")


def read_todoist(source: Source) -> Iterator[Item]:
    """Make a task of each task of Todoist's CSV, below the one that it is indented under, and a goal of each section.

    Rows have no ids: one is known by its section, its parents and its text, and by its place among those alike.
    """
    section: str | None = None
    path: list[str] = []
    seen: Counter[str] = Counter()
    last: Item | None = None
    for line, row in rows(source, ("TYPE", "CONTENT")):
        kind, content = row["TYPE"].strip(), row["CONTENT"].strip()
        if kind == "note" and last is not None:
            last.description = f"{last.description}\n\n{content}".strip()
            continue
        if last is not None:
            yield last
            last = None
        if kind == "section":
            section, path = f"section {content}", []
            yield Item(name=section, title=content, container=True, status="todo", line=line)
        elif kind == "task" and content:
            depth = int(row.get("INDENT") or 1) if (row.get("INDENT") or "1").isdecimal() else 1
            del path[max(0, depth - 1) :]
            last = _todoist(row, content, section, path, seen, line)
            path.append(last.name)
        elif kind not in ("", "meta"):
            source.tell("unreadable", (f"row {line}",), f"is of the type {kind[:40]!r}, left out")
    if last is not None:
        yield last


def _todoist(
    row: Mapping[str, str], content: str, section: str | None, path: list[str], seen: Counter[str], line: int
) -> Item:
    key = "\x1f".join((section or "", *path[-1:], content))
    seen[key] += 1
    name = hashlib.sha256(f"{key}\x1f{seen[key]}".encode(errors="surrogatepass")).hexdigest()[:16]
    labels = re.findall(r"(?<!\S)@(\w+)", content)
    person = _PERSON.fullmatch(row.get("RESPONSIBLE", ""))
    beside = {"date": row.get("DATE", ""), "labels": labels, "author": row.get("AUTHOR", "")}
    return Item(
        name=name,
        title=content,
        description=row.get("DESCRIPTION", ""),
        status="todo",
        priority=_TODOIST_PRIORITY.get(row.get("PRIORITY", "").strip(), "low"),
        due=row["DATE"] if re.fullmatch(r"\d{4}-\d\d-\d\d.*", row.get("DATE", "")) else None,
        assignee=person[1] if person else None,
        parent=path[-1] if path else None,
        goal=section,
        metadata={"todoist": {key: value for key, value in beside.items() if value}},
        line=line,
    )
