"""What a command shows: JSON or a table on standard output, everything else on standard error."""

import json
import os
import shutil
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, TextIO

Json = Any

#: Seconds after which people are told how far something has come, and between two such lines without a terminal.
QUIET_SECONDS = 2.0
_LINE_SECONDS = 10.0
#: The least width of the last column; columns before it are left out rather than make it narrower.
_LAST_MIN = 24
_GAP = 2


def note(text: str) -> None:
    """Say something to the human who watches."""
    _print(sys.stderr, text)


def emit(value: Json) -> None:
    """Write JSON to standard output."""
    _print(sys.stdout, json.dumps(value, ensure_ascii=False, indent=2), clean=False)


def counted(count: int, plural: str) -> str:
    """Return a number with the word for so many of a thing."""
    singular = f"{plural[:-3]}y" if plural.endswith("ies") else plural[:-1]
    return f"{count} {singular if count == 1 else plural}"


def line(text: str) -> None:
    """Write a line of the result to standard output."""
    _print(sys.stdout, text)


def _print(stream: TextIO, text: str, clean: bool = True) -> None:
    shown = "\n".join(map(printable, text.split("\n"))) if clean else text
    encoding = stream.encoding or "utf-8"
    stream.write(shown.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def printable(text: str) -> str:
    """Return a text without what moves a terminal's cursor or turns the direction of writing."""
    return "".join(each if unicodedata.category(each) not in _UNSAFE else "�" for each in text)


#: Control characters, format characters (direction of writing among them), halves of pairs.
_UNSAFE = frozenset({"Cc", "Cf", "Cs"})


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows under their columns, as wide as the terminal; piped, nothing is cut.

    The last column takes what is left. Where that would be too little, the columns before it go, the last ones first;
    the first column always stays.
    """
    texts = [["" if cell is None else printable(str(cell)).replace("\n", " ") for cell in row] for row in rows]
    if not texts:
        return
    shown = list(range(len(columns)))
    widths = [max(map(width, (columns[n], *(row[n] for row in texts)))) for n in shown]
    limit = _terminal_width()
    last = shown[-1]
    while limit and len(shown) > 2 and _left(limit, widths, shown) < min(_LAST_MIN, widths[last]):
        del shown[-2]
    if limit:
        widths[last] = max(1, min(widths[last], _left(limit, widths, shown)))
    for number, row in enumerate([list(columns), *texts]):
        cells = [_fitted(row[n], widths[n]) for n in shown]
        text = (" " * _GAP).join(cells).rstrip()
        line_text = f"\x1b[1m{text}\x1b[0m" if number == 0 and _colour(sys.stdout) else text
        _print(sys.stdout, line_text, clean=False)


def _left(limit: int, widths: Sequence[int], shown: Sequence[int]) -> int:
    return limit - sum(widths[n] + _GAP for n in shown[:-1])


def _terminal_width() -> int:
    """Return the terminal's width; 0 where standard output is none and COLUMNS says nothing."""
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS", "").isdecimal():
        return 0
    return shutil.get_terminal_size().columns


def width(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(bool(unicodedata.combining(each)) for each in text)


def _fitted(text: str, cells: int) -> str:
    if width(text) > cells:
        while text and width(text) > cells - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (cells - width(text))


def _colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def details(fields: Mapping[str, Any]) -> None:
    """Write names and values, one a line; what is empty is left out."""
    shown = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
    longest = max(map(len, shown), default=0)
    for name, value in shown.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        first, *rest = text.split("\n")
        line(f"{name:<{longest}}  {first}")
        for each in rest:
            line(f"{'':<{longest}}  {each}")


class Progress:
    """Tells on standard error how far something has come, once it takes longer than two seconds."""

    def __init__(self, what: Callable[[], str]) -> None:
        self._what = what
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._drawn = False

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _tell(self) -> None:
        began, terminal = time.monotonic(), sys.stderr.isatty()
        pause = QUIET_SECONDS
        while not self._stop.wait(pause):
            text = f"{printable(self._what())} ({time.monotonic() - began:.0f} s)"
            if terminal:
                sys.stderr.write(f"\r\x1b[K{text}")
                self._drawn = True
            else:
                sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
            pause = 0.2 if terminal else _LINE_SECONDS
