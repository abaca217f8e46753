"""Which files a request passes between its handler and its first write, as the interpreter sees it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from switchyard.domain.structs import Struct
from tests.support.template import ROOT

_CORE = ROOT / "layers/core/switchyard"
#: The transport stands where an SDK would: the way ends where AWS is called.
_TRANSPORT = _CORE / "aws/transport"


def _name(frame: FrameType) -> str | None:
    """Return the name of the file that a call enters; None for what is not the service's, and where a value is made."""
    return None if frame.f_code is Struct.__init__.__code__ else _documented(frame.f_code.co_filename)


@cache
def _documented(path: str) -> str | None:
    """Return a file's name as the documents spell it."""
    file = Path(path)
    if file.is_relative_to(_TRANSPORT):
        return None
    if file.is_relative_to(_CORE):
        return file.relative_to(_CORE).as_posix()
    return file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT / "functions") else None


class Walk:
    """The files that were entered, which of them called on others, and chains of calls that came back to a file."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.callers: set[str] = set()
        self.hops = 0
        self.returns: set[tuple[str, ...]] = set()
        self._entry: FrameType | None = None
        self._is_over = False

    @property
    def way(self) -> list[str]:
        """Return the files that handed work on."""
        return [each for each in self.files if each in self.callers]

    @property
    def leaves(self) -> list[str]:
        """Return the files that only answered: nothing further was called from them."""
        return [each for each in self.files if each not in self.callers]

    def watch(self, frame: FrameType, event: str, _arg: Any) -> None:
        """Take a call or a return; what comes before the handler and after the first write is left out."""
        name = _name(frame)
        if name is None or self._is_over:
            return
        if event == "call" and self._entry is None and name.startswith("functions/"):
            self._entry = frame
        if event == "call" and self._entry:
            self._enter(name, frame)
        if event == "return" and self._entry and (name, frame.f_code.co_name) == ("store/table.py", "write"):
            self._is_over = True

    def _enter(self, name: str, frame: FrameType) -> None:
        chain = self._chain(frame)
        self.files |= dict.fromkeys(chain)
        if len(chain) > 1:
            self.hops += 1
            self.callers.add(chain[-2])
        if chain.count(name) > 1:
            self.returns.add(tuple(chain))

    def _chain(self, frame: FrameType) -> list[str]:
        """Return the files of the calls that led here from the handler, or from who commits; neighbours count once."""
        found: list[str] = []
        committing = 0
        at: FrameType | None = frame
        while at is not None:
            name = _name(at)
            if name and (not found or found[-1] != name):
                found.append(name)
            if at is self._entry:
                return found[::-1]
            if name == "http/perform.py":
                committing = len(found)
            at = at.f_back
        return found[:committing][::-1]


@contextmanager
def walked() -> Iterator[Walk]:
    """Watch one request in this process."""
    walk = Walk()
    sys.setprofile(walk.watch)
    try:
        yield walk
    finally:
        sys.setprofile(None)
