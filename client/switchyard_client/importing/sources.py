"""Files as they are: lines and items one at a time, bounded, and what a file is when it is not what was said."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from switchyard_client.importing.records import Problem

#: Bytes of one item; what is longer is no plan's.
ITEM_MAX = 8 * 1_048_576
#: Bytes of a document that has to be read as a whole.
DOCUMENT_MAX = 256 * 1_048_576
_CHUNK = 1_048_576
_HEAD = 65_536

#: What other files begin with.
_MAGIC = (
    (b"SQLite format 3\x00", "an SQLite database: export it first (bd export)"),
    (b"PK\x03\x04", "a ZIP archive: unpack it first"),
    (b"\x1f\x8b", "compressed by gzip: unpack it first"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xff\xfe", "text in UTF-16: save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16: save it as UTF-8"),
)


class WrongFile(Exception):
    """The file is not of the format; says what it is instead."""


@dataclass(slots=True)
class Source:
    """A file that is read, and what was found wrong meanwhile."""

    path: Path
    problems: list[Problem] = field(default_factory=list)
    #: Parents that are told by the parent and not by the child, which may have come before.
    adopted: dict[str, str] = field(default_factory=dict)

    def tell(self, kind: str, names: tuple[str, ...], does: str, loses: bool = True) -> None:
        """Note a problem."""
        self.problems.append(Problem(kind, names, does, loses))

    def head(self) -> bytes:
        """Return the first bytes. Raises WrongFile when these are no text."""
        with self.path.open("rb") as file:
            found = file.read(_HEAD)
        for magic, what in _MAGIC:
            if found.startswith(magic):
                raise WrongFile(f"{self.path.name} is {what}")
        if b"\x00" in found:
            raise WrongFile(f"{self.path.name} is no text")
        if not found.strip():
            raise WrongFile(f"{self.path.name} is empty")
        return found.removeprefix(b"\xef\xbb\xbf")

    def text(self) -> IO[str]:
        """Open the file as text; what is no UTF-8 shows as U+FFFD."""
        return io.TextIOWrapper(self.path.open("rb"), encoding="utf-8-sig", errors="replace", newline="")

    def lines(self) -> Iterator[tuple[int, str]]:
        """Return the lines with their numbers; one that is too long is told and left out."""
        with self.path.open("rb") as file:
            number = 0
            while line := file.readline(ITEM_MAX + 1):
                number += 1
                if len(line) > ITEM_MAX and not line.endswith(b"\n"):
                    size = len(line) + self._skip_line(file)
                    self.tell("unreadable", (f"line {number}",), f"has {size} bytes, left out (at most {ITEM_MAX})")
                    continue
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                yield number, line.decode("utf-8", "replace").rstrip("\r\n")

    @staticmethod
    def _skip_line(file: IO[bytes]) -> int:
        skipped = 0
        while rest := file.readline(_CHUNK):
            skipped += len(rest)
            if rest.endswith(b"\n"):
                break
        return skipped

    def objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Return JSON objects with the number of their line or place: of JSON lines, or of one array.

        What cannot be read is told and left out. Arrays of arrays are pages, as `gh api --paginate --slurp` has them.
        """
        if self.head().lstrip()[:1] == b"[":
            yield from self._array()
            return
        for number, line in self.lines():
            if not line.strip():
                continue
            try:
                found = _whole(json.loads(line))
            except (ValueError, RecursionError) as error:
                what = "is cut off" if _is_cut(line, error) else "is no JSON"
                self.tell("unreadable", (f"line {number}",), f"{what}, left out")
                continue
            if isinstance(found, dict):
                yield number, found
            else:
                self.tell("unreadable", (f"line {number}",), "is no JSON object, left out")

    def _array(self) -> Iterator[tuple[int, dict[str, Any]]]:
        decoder, number = json.JSONDecoder(), 0
        with self.text() as file:
            buffer, ended = "", False
            while True:
                # Between items: brackets of the array and of its pages, and commas.
                buffer = buffer.lstrip(" \t\r\n,[]")
                if buffer or ended:
                    try:
                        found, end = decoder.raw_decode(buffer)
                        found = _whole(found)
                    except (ValueError, RecursionError):
                        if ended:
                            break
                    else:
                        number += 1
                        buffer = buffer[end:]
                        if isinstance(found, dict):
                            yield number, found
                        else:
                            self.tell("unreadable", (f"item {number}",), "is no JSON object, left out")
                        continue
                if len(buffer) > ITEM_MAX:
                    self.tell(
                        "unreadable", (f"item {number + 1}",), "is too long or no JSON: all from here is left out"
                    )
                    return
                more = file.read(_CHUNK)
                ended = not more
                buffer += more
        if buffer:
            self.tell("unreadable", (f"item {number + 1}",), "is cut off or no JSON: all from here is left out")

    def document(self) -> Any:
        """Return the JSON document that the file is. Raises WrongFile."""
        size = self.path.stat().st_size
        if size > DOCUMENT_MAX:
            raise WrongFile(f"{self.path.name} has {size} bytes: at most {DOCUMENT_MAX} are read of such a document")
        try:
            with self.text() as file:
                return _whole(json.load(file))
        except (ValueError, RecursionError) as error:
            raise WrongFile(f"{self.path.name} is no JSON document, or is cut off: {error}") from None


def _whole(found: Any) -> Any:
    """Return JSON with U+FFFD for halves of surrogate pairs, which are no text and cannot be sent."""
    if isinstance(found, str):
        return found if found.isascii() else found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(found, list):
        return [_whole(each) for each in found]
    if isinstance(found, dict):
        return {_whole(name): _whole(value) for name, value in found.items()}
    return found


def _is_cut(line: str, error: Exception) -> bool:
    at = getattr(error, "pos", 0)
    return at >= len(line) - 1 or "Unterminated" in str(error)


def kind_of(source: Source) -> str | None:
    """Return the format that a file looks like; None for none of ours. Raises WrongFile."""
    head = source.head().decode("utf-8", "replace")
    first = head.lstrip()[:1]
    if first in ("{", "["):
        return _json_kind(head)
    header = head.split("\n", 1)[0].strip().lower().replace('"', "")
    columns = set(header.split(","))
    if {"type", "id", "depends", "completed"} <= columns:
        return "switchyard"
    if {"type", "content"} <= columns:
        return "todoist"
    if {"id", "team", "title"} <= columns:
        return "linear"
    if re.search(r"^\s*(?:[-*+]|\d+[.)])\s+\[[ xX~-]\]", head, re.MULTILINE):
        return "markdown"
    return "csv" if len(columns) > 1 else None


_SIGNS = (
    ("switchyard", ('"switchyard"',)),
    ("beads", ('"issue_type"',)),
    ("beads", ('"depends_on_id"',)),
    ("taskwarrior", ('"uuid"', '"entry"')),
    ("github", ('"number"', '"title"')),
    ("taskmaster", ('"tasks"',)),
)


def _json_kind(head: str) -> str | None:
    squeezed = head[:_HEAD]
    for name, signs in _SIGNS:
        if all(re.search(re.escape(each) + r"\s*:", squeezed) for each in signs):
            return name
    return None
