"""Ids: UUIDv7 (RFC 9562), so that the order of ids is the order of creation."""

import hashlib
import os
import re
import threading
import time

_SPELLING = re.compile(r"(?:[a-z]{2,12}_)?([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})")

_WRITTEN = re.compile(r"(?:task_|obj_)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.IGNORECASE)

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Return a new UUIDv7; ids made by one process grow strictly, also within a millisecond."""
    global _last
    with _lock:
        # 48 bits of milliseconds, then 12 bits that count on within the millisecond.
        _last = max((time.time_ns() // 1_000_000) << 12, _last + 1)
        clock = _last
    return _uuid(clock >> 12, clock & 0xFFF, os.urandom(8))


def id_at(milliseconds: int) -> str:
    """Return a new id for what was made at an instant of the past, in milliseconds since the epoch."""
    return _uuid(milliseconds, int.from_bytes(os.urandom(2)) & 0xFFF, os.urandom(8))


def lowest_id(seconds: float) -> str:
    """Return the id below all that were made at or after an instant, given in seconds since the epoch."""
    return _uuid(int(seconds * 1_000), 0, b"")


def derived_id(milliseconds: int, source: str) -> str:
    """Return a UUIDv7 of an instant (milliseconds since the epoch) and a text: the same ones always have the same id.

    What is made of the same record twice is found by it the second time.
    """
    digits = hashlib.sha256(source.encode()).hexdigest()
    return dashed(f"{milliseconds:012x}7{digits[:3]}8{digits[3:18]}")


def _uuid(milliseconds: int, count: int, random: bytes) -> str:
    """Return a UUIDv7 of 48 bits of time, 12 bits of count and the lower 62 bits of what is random."""
    value = (milliseconds << 80) | (0x7 << 76) | (count << 64) | (0b10 << 62)
    value |= int.from_bytes(random) & ((1 << 62) - 1)
    return dashed(f"{value:032x}")


def task_id(track_id: str) -> str:
    """Return the id of a track in the form of the surfaces that know tasks alone."""
    return f"task_{track_id}"


def dashed(digits: str) -> str:
    """Return 32 hexadecimal digits in the canonical 8-4-4-4-12 form."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def named_id(text: str) -> str | None:
    """Return the canonical UUID of a text that is written as the surfaces write a track's id, else None.

    For places where a text may also be a client's own name: `tw_…` and 32 bare digits are names there.
    """
    match = _WRITTEN.fullmatch(text.strip())
    return match[1].lower() if match else None


def parse_id(text: str) -> str | None:
    """Return the canonical UUID of any surface's form (`task_…`, with or without dashes), else None.

    Blanks around it are left out: they come with ids that were cut out of a line.
    """
    match = _SPELLING.fullmatch(text.strip().lower()) if len(text) <= 64 else None
    return dashed(match[1].replace("-", "")) if match else None
