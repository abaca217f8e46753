"""Pages by limit and offset: the envelope, and links that say where a page begins so that nobody counts up to it."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from switchyard.domain.errors import Invalid
from switchyard.http.call import Call
from switchyard.store import lists
from switchyard.surfaces.projects.inputs import Paging

#: What a position says. Anybody can write it: the fingerprint of a list is no secret.
_POSITION = re.compile(r"([<>])([0-9]{1,10}):(.*)", re.ASCII | re.DOTALL)
_LINKED = frozenset({"limit", "offset", "position"})


def envelope(
    results: Sequence[Any], count: int, next_: str | None, previous: str | None, **more: Any
) -> dict[str, Any]:
    """Return a page as the contract has it."""
    return {"count": count, **more, "next": next_, "previous": previous, "results": list(results)}


def link(call: Call[object, Paging], offset: int, position: str | None = None) -> str:
    """Return the absolute URL of the page of the same list at an offset."""
    pairs = parse_qsl(call.request.query_string, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name not in _LINKED]
    place = [("limit", str(call.query.limit)), ("offset", str(offset))]
    where = [("position", position)] if position else []
    return f"{call.request.base_url}{call.request.path}?{urlencode([*kept, *place, *where])}"


def slice_of(call: Call[object, Paging], everything: Sequence[Any]) -> tuple[Sequence[Any], dict[str, Any]]:
    """Return the page of a list that is at hand as a whole, and the envelope for it but for the results."""
    limit, offset, count = call.query.limit, call.query.offset, len(everything)
    page = everything[offset : offset + limit]
    next_ = link(call, offset + limit) if offset + limit < count else None
    previous = link(call, max(0, offset - limit)) if offset else None
    return page, envelope((), count, next_, previous)


class Start:
    """Where the reading of a page begins: after a row of the list (None: at its top) that `seen` rows end with.

    `upward` reads from there to the top: the rows before the page that follows.
    """

    def __init__(self, seen: int = 0, after: str | None = None, upward: bool = False) -> None:
        self.seen, self.after, self.upward = seen, after, upward

    def encoded(self, fingerprint: str) -> str:
        """Return the opaque text of the place, for the list with this fingerprint."""
        return lists.to_cursor(f"{'<' if self.upward else '>'}{self.seen}:{self.after or ''}", fingerprint) or ""

    @classmethod
    def of(cls, position: str | None, offset: int, fingerprint: str) -> "Start | None":
        """Return the place in a link's position; None when it is of another list, or of no use for the offset.

        A position only saves work, so that one which does not fit is not an error: the offset is looked up.
        """
        if position is None:
            return None
        try:
            given = _POSITION.fullmatch(lists.from_cursor(position, fingerprint) or "")
        except Invalid:
            return None
        if given is None:
            return None
        found = cls(int(given[2]), given[3] or None, given[1] == "<")
        fits = found.seen == offset if found.upward else found.seen <= offset <= found.seen + lists.EXAMINE_MAX
        return found if fits else None
