"""Tracks as other systems read them, references by external ids; a track without one has `switchyard:` and its id."""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from switchyard_client.importing import sections
from switchyard_client.importing.formats import beads, jsonlines

Json = dict[str, Any]
#: The words of goals in those of tasks.
_GOAL_WORDS = {
    "not_started": "todo",
    "on_track": "in_progress",
    "at_risk": "in_progress",
    "postponed": "backlog",
    "completed": "done",
    "cancelled": "cancelled",
}
#: Bytes of tracks that are kept in memory before they go to a file.
MEMORY = 1_048_576


@dataclass
class Export:
    """The tracks of an export: in a file beside, so that memory holds their names alone."""

    count: int = 0
    _names: dict[str, str] = field(default_factory=dict)
    _bead_ids: dict[str, str] = field(default_factory=dict)
    _file: Any = field(default_factory=lambda: tempfile.SpooledTemporaryFile(MEMORY, "w+", encoding="utf-8"))  # noqa: SIM115 - ends with the export

    def take(self, tracks: Iterable[Json]) -> None:
        """Take tracks as the planning API shows them."""
        for track in tracks:
            name = self._names[track["id"]] = track.get("externalId") or f"switchyard:{track['id']}"
            self._bead_ids[track["id"]] = str(
                (track["metadata"].get("beads") or {}).get("id") or name.removeprefix("beads:")
            )
            self._file.write(json.dumps(track) + "\n")
            self.count += 1

    def lines(self, target_format: str) -> Iterator[str]:
        """Return the text of the export, a piece at a time, in the order of the lists."""
        written = {"jsonl": self._jsonl, "beads": self._beads, "csv": self._csv, "ics": self._ics}
        return written[target_format]()

    def _tracks(self, names: Mapping[str, str] | None = None) -> Iterator[Json]:
        self._file.seek(0)
        for line in self._file:
            yield self._plain(json.loads(line), self._names if names is None else names)

    @staticmethod
    def _plain(track: Mapping[str, Any], names: Mapping[str, str]) -> Json:
        """Return the track's fields by plain names, its references by these names where those are in the export."""
        own = track[track["type"]]
        found = {
            "name": names[track["id"]],
            "type": track["type"],
            "title": track["title"],
            "description": track["description"],
            "status": own["status"],
            "priority": track["priority"],
            "due": own["dueDate"],
            "assignee": own.get("assignee"),
            "parent": names.get(own.get("parentId") or ""),
            "goal": names.get(own.get("goalId") or ""),
            "dependsOn": [names[each] for each in own.get("dependsOn") or () if each in names],
            "createdAt": track["createdAt"],
            "completedAt": track["completedAt"],
            "metadata": track["metadata"],
        }
        return {key: value for key, value in found.items() if value not in (None, "", [], {})}

    # ---------------------------------------------------------------- formats
    def _jsonl(self) -> Iterator[str]:
        for track in self._tracks():
            yield json.dumps({"switchyard": track}, ensure_ascii=False) + "\n"

    def _beads(self) -> Iterator[str]:
        for track in self._tracks(self._bead_ids):
            yield json.dumps(_issue(track), ensure_ascii=False) + "\n"

    def _csv(self) -> Iterator[str]:
        yield _row(jsonlines.COLUMNS)
        for track in self._tracks():
            yield _row(
                (
                    track["type"],
                    track["name"],
                    track["title"],
                    track.get("description", ""),
                    track.get("status", ""),
                    track["priority"],
                    track.get("due", ""),
                    track.get("assignee", ""),
                    track.get("parent", ""),
                    track.get("goal", ""),
                    jsonlines.joined(track.get("dependsOn", ())),
                    track["createdAt"],
                    track.get("completedAt", ""),
                )
            )

    def _ics(self) -> Iterator[str]:
        yield "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Switchyard//Switchyard//EN\r\n"
        for track in self._tracks():
            if track.get("due") and track.get("status") not in ("done", "cancelled", "completed"):
                yield from _event(track)
        yield "END:VCALENDAR\r\n"


def _row(cells: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _issue(track: Json) -> Json:
    """Return a track as an issue of beads: what that knew and the service has no field for comes back as it was."""
    kept = dict(track.get("metadata", {}).get("beads") or {})
    status = _GOAL_WORDS.get(track.get("status", ""), track.get("status") or "todo")
    # A container that became a task for the sake of its dependencies has its type among what was kept.
    kind = kept.pop("issue_type", "epic" if track["type"] == "goal" else "task")
    name = track["name"]
    kept.pop("id", None)
    description, parts = sections.split(track.get("description", ""), list(beads.SECTIONS))
    issue: Json = {"id": name, "title": track["title"], "description": description}
    issue |= {beads.SECTIONS[heading]: text for heading, text in parts.items()}
    was = str(kept.pop("status", ""))
    now, before = status, str(beads.STATUS.get(was))
    if track["type"] == "goal" and {now, before} <= {"todo", "in_progress"}:
        # A goal that is open follows its tasks.
        now = before
    issue["status"] = was if before == now else _word(status)
    priority = kept.pop("priority", None)
    same = isinstance(priority, int) and beads.PRIORITY[priority : priority + 1] == (track["priority"],)
    issue["priority"] = priority if same else beads.PRIORITY.index(track["priority"])
    issue["issue_type"] = kind
    assignee = kept.pop("assignee", None)
    issue["assignee"] = assignee if track["type"] == "goal" else track.get("assignee")
    issue["created_at"] = kept.pop("created_at", track["createdAt"])
    closed = kept.pop("closed_at", None)
    if issue["status"] == "closed":
        issue["closed_at"] = closed or track.get("completedAt") or track["createdAt"]
    edges = _edges(name, track, kept.pop("dependencies", ()))
    issue |= kept | ({"dependencies": edges} if edges else {})
    return {key: value for key, value in issue.items() if value is not None}


def _word(status: str) -> str:
    return {"backlog": "deferred", "in_progress": "in_progress", "done": "closed", "cancelled": "closed"}.get(
        status, "open"
    )


def _edges(name: str, track: Json, kept: Any) -> list[Json]:
    """Return the edges: those that were kept and still stand or are only told, then those that came since."""
    parent = track.get("parent") or track.get("goal")
    wanted = [(beads.PARENT, parent)] if parent else []
    wanted += [("blocks", each) for each in track.get("dependsOn", ())]
    now = {target: kind for kind, target in wanted}
    found, told = [], set()
    for edge in kept:
        target, kind = edge.get("depends_on_id"), edge.get("type", "blocks")
        holds = kind == beads.PARENT or kind in beads.WAITS
        if not holds or (target in now and (now[target] == beads.PARENT) == (kind == beads.PARENT)):
            found.append(edge)
            if holds:
                told.add(target)
    new = [(target, kind) for target, kind in now.items() if target not in told]
    return found + [{"issue_id": name, "depends_on_id": target, "type": kind} for target, kind in new]


def _event(track: Json) -> Iterator[str]:
    """Return a day-long entry (RFC 5545): lines of at most 75 bytes, ended by CR LF."""
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_escaped(track['name'])}@switchyard",
        f"DTSTAMP:{_stamp(track['createdAt'])}",
        f"DTSTART;VALUE=DATE:{track['due'][:10].replace('-', '')}",
        f"SUMMARY:{_escaped(track['title'])}",
    ]
    if track.get("description"):
        lines.append(f"DESCRIPTION:{_escaped(track['description'])}")
    for line in [*lines, "END:VEVENT"]:
        yield from _folded(line)


def _escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(plain, written)
    return "".join(each for each in text if each >= " " or each == "\t")


def _stamp(instant: str) -> str:
    return f"{instant[:19].replace('-', '').replace(':', '')}Z"


def _folded(line: str) -> Iterator[str]:
    """Fold a line after at most 75 bytes, never within a character."""
    piece, size = "", 0
    for each in line:
        length = len(each.encode())
        if size + length > 75:
            yield f"{piece}\r\n"
            piece, size = " ", 1
        piece, size = piece + each, size + length
    yield f"{piece}\r\n"
