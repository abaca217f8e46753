"""The words of the contract: three statuses for six stored ones, the linked resources, the ways a change came in.

A status keeps a stored one that it already covers.
"""

from typing import Literal

Word = Literal["open", "completed", "canceled"]
Resource = Literal["contact", "company", "deal", "support_ticket"]
Source = Literal["api", "mcp", "admin"]

STORED: dict[Word, tuple[str | None, ...]] = {
    "open": ("todo", "in_progress", None, "backlog"),
    "completed": ("done",),
    "canceled": ("cancelled",),
}
_WORDS: dict[str | None, Word] = {stored: word for word, group in STORED.items() for stored in group}


def word(stored: str | None) -> Word:
    """Return the word for a stored status."""
    return _WORDS[stored]


def new(wanted: Word) -> str | None:
    """Return what to store for a word on a task that is in another group, or new."""
    return STORED[wanted][0]


def kept(wanted: Word, present: str | None) -> str | None:
    """Return what to store for a word: the present status when the word fits it."""
    return present if present in STORED[wanted] else new(wanted)
