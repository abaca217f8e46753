"""A calendar of due dates (RFC 5545): lines folded after 75 octets, texts escaped, instants in UTC.

Entries are events and not to-dos: what subscribes to calendars shows events, and hardly any of it shows VTODO. They
take no time of anybody (TRANSP), so that a due date makes nobody busy.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from switchyard.domain import clock
from switchyard.domain.tracks import Track

#: Characters of a description in an entry.
DESCRIPTION_MAX = 1_000
_LINE_OCTETS = 75
_PRIORITY = {"urgent": 1, "high": 3, "medium": 5, "low": 9}


def calendar(name: str, tracks: Iterable[Track]) -> bytes:
    """Return a calendar of the due dates of tracks, which all have one. The same tracks make the same bytes."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//switchyard//feed//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    # Names and how often to ask: RFC 7986, and what older clients take for it.
    lines += [f"NAME:{_text(name)}", f"X-WR-CALNAME:{_text(name)}"]
    lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"]
    for track in tracks:
        lines += _event(track)
    folded = (piece for line in [*lines, "END:VCALENDAR"] for piece in _folded(line))
    return "".join(f"{piece}\r\n" for piece in folded).encode()


def _event(track: Track) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{track.id}@switchyard"
    yield f"DTSTAMP:{_instant(track.updated_at)}"
    yield f"LAST-MODIFIED:{_instant(track.updated_at)}"
    yield f"SEQUENCE:{track.version - 1}"
    yield from _when(track.due or "")
    yield f"SUMMARY:{_text(track.title)}"
    if track.description:
        yield f"DESCRIPTION:{_text(track.description[:DESCRIPTION_MAX])}"
    yield f"PRIORITY:{_PRIORITY[track.priority]}"
    yield f"CATEGORIES:{track.type}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _when(due: str) -> Iterator[str]:
    """A day is an entry for all of it; an instant begins and ends there."""
    if len(due) == 10:
        day = date.fromisoformat(due)
        yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
        if day < date.max:
            yield f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"
    else:
        yield f"DTSTART:{_instant(due)}"


def _instant(text: str) -> str:
    return f"{clock.to_datetime(text):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """Escape a text (RFC 5545 §3.3.11); control characters may not be there at all."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return "".join(each for each in text if (each >= " " and each != "\x7f") or each == "\t")


def _folded(line: str) -> Iterator[str]:
    """Fold a line after 75 octets at most, never within a character; what follows begins with a space."""
    piece, octets = "", 0
    for each in line:
        size = len(each.encode("utf-8", "replace"))
        if octets + size > _LINE_OCTETS:
            yield piece
            piece, octets = " ", 1
        piece, octets = piece + each, octets + size
    yield piece
