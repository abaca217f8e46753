"""Markdown checklists: headings are goals, items tasks, indented items tasks below them."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator

from switchyard_client.importing.records import Item, Status
from switchyard_client.importing.sources import Source, WrongFile

PREFIX = "markdown"
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*")
_ITEM = re.compile(r"(\s*)(?:[-*+]|\d+[.)])\s+\[([ xX~/-])\]\s+(.*?)\s*")
_FENCE = re.compile(r"\s*(```|~~~)")
_STATUS: dict[str, Status] = {
    " ": "todo",
    "x": "done",
    "X": "done",
    "/": "in_progress",
    "~": "in_progress",
    "-": "cancelled",
}


def read(source: Source) -> Iterator[Item]:
    """Make items of headings that have some, and of checklist items.

    They have no ids: one is known by the headings and items above it and its text, and by its place among those alike.
    """
    source.head()
    headings: list[tuple[int, Item, bool]] = []
    above: list[tuple[int, Item]] = []
    seen: Counter[str] = Counter()
    fenced, found, last = False, False, None
    for line, text in source.lines():
        if _FENCE.match(text):
            fenced = not fenced
        heading, item = _HEADING.fullmatch(text), _ITEM.fullmatch(text)
        if fenced or not (heading or item):
            # What is indented below an item is about it.
            if last is not None and text.startswith(" ") and text.strip():
                last.description = f"{last.description}\n{text.strip()}".strip()
            elif last is not None and text.strip():
                yield last
                last, above = None, []
            continue
        if last is not None:
            yield last
            last = None
        if heading:
            level = len(heading[1])
            headings = [each for each in headings if each[0] < level]
            parent = headings[-1][1].name if headings else None
            headings.append((level, _made("heading", heading[2], parent, seen, line, container=True), False))
            above = []
            continue
        if item is None:
            continue
        found = True
        for place, (level, each, told) in enumerate(headings):
            if not told:
                headings[place] = (level, each, True)
                yield each
        indent = len(item[1].expandtabs(4))
        above = [each for each in above if each[0] < indent]
        goal = headings[-1][1].name if headings else None
        parent = above[-1][1].name if above else None
        last = _made("item", item[3], parent or goal, seen, line)
        last.status, last.parent, last.goal = _STATUS[item[2]], parent, goal
        above.append((indent, last))
    if last is not None:
        yield last
    if not found:
        raise WrongFile(f"{source.path.name} has no checklist: items are written - [ ] or - [x]")


def _made(kind: str, title: str, parent: str | None, seen: Counter[str], line: int, container: bool = False) -> Item:
    key = "\x1f".join((kind, parent or "", title))
    seen[key] += 1
    name = hashlib.sha256(f"{key}\x1f{seen[key]}".encode(errors="surrogatepass")).hexdigest()[:16]
    return Item(name=name, title=title, parent=parent, status="todo", container=container, line=line)
