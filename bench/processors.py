"""How much processor time a process and all that it started have used: what a request costs on a machine that is busy
with other things too. Linux alone tells this of others' processes."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def used(root: int) -> float:
    """Return the seconds of a process and of its descendants, those that have ended included."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # It has just ended.
        number = int(path.parent.name)
        parents[number] = int(fields[1])
        # utime, stime, and the same of children that were waited for: proc(5).
        seconds[number] = sum(map(int, fields[11:15])) / _TICKS
    return sum(each for number, each in seconds.items() if _descends(number, root, parents))


def _descends(number: int, root: int, parents: dict[int, int]) -> bool:
    while number not in (root, 0):
        number = parents.get(number, 0)
    return number == root
