"""In which order and parts the lines of an import are applied.

Lines are connected by their references. A connected part that fits into a transaction is applied as a whole; a larger
one in chunks, each line after what it refers to. Memory holds names and references, and none of what the lines say.
"""

from array import array
from collections.abc import Iterable, Iterator

from switchyard.domain.structs import Struct

#: What a chunk may have: drafts and rows of a transaction (three more are the guard of the graph, the lane's progress
#: and the results), names, bytes. A new track takes two rows, its own and that of its external id.
DRAFTS_MAX, ROWS_MAX, NAMES_MAX, BYTES_MAX = 48, 97, 200, 900_000
#: Lines of a chunk that brings in references to what came later: each may refer to much outside.
LATE_MAX = 20


class Chunk(Struct):
    """What is applied together: lines by their places. `parts` are the sizes of the connected parts in it, () for a
    piece of one that is too large. `late`: the lines are there already, and get the references that they lacked.
    """

    places: tuple[int, ...]
    parts: tuple[int, ...] = ()
    late: bool = False
    #: References of each place that are left out here and come later: names by their places.
    without: dict[int, frozenset[int]] = {}


class Outline:
    """Names and references of a file. A place is the number of a name, in the order in which names are first met."""

    def __init__(self) -> None:
        self._place: dict[str, int] = {}
        self._refs: list[tuple[int, ...]] = []
        #: Where a line lies in the file, by place; a length of 0: no line has the name, which is outside the file.
        self.offsets, self.lengths, self.numbers = array("q"), array("l"), array("l")
        self._is_goal = bytearray()
        self.count = 0

    def line_of(self, name: str) -> int | None:
        """Return the number of the line that has a name already; None when none has."""
        place = self._place.get(name)
        return self.numbers[place] if place is not None and self.lengths[place] else None

    def add(self, name: str, number: int, offset: int, length: int, is_goal: bool, refs: Iterable[str]) -> None:
        """Take a line. Names and references are in the form in which they are compared."""
        place = self._at(name)
        self.offsets[place], self.lengths[place], self.numbers[place] = offset, length, number
        self._is_goal[place] = is_goal
        self._refs[place] = tuple(dict.fromkeys(found for ref in refs if (found := self._at(ref)) != place))
        self.count += 1

    def _at(self, name: str) -> int:
        place = self._place.setdefault(name, len(self._refs))
        if place == len(self._refs):
            self._refs.append(())
            self.offsets.append(0)
            self.lengths.append(0)
            self.numbers.append(0)
            self._is_goal.append(0)
        return place

    def place_of(self, name: str) -> int | None:
        """Return the place of a name; None for one that was never met."""
        return self._place.get(name)

    # ---------------------------------------------------------------- chunks
    def lanes(self, most: int) -> tuple[list[list[Chunk]], int]:
        """Return the chunks of each lane, and how many lines are in connected parts that are applied in pieces.

        A connected part stays within one lane, and the lanes are about as long as each other.
        """
        lanes: list[list[Chunk]] = [[] for _ in range(most)]
        loads = [0] * most
        split = 0
        gathered = _Gathered()
        for members in self._components():
            ordered = list(self._ordered(members))
            refs = {ref for place in ordered for ref in self._refs[place]} - set(ordered)
            size = sum(self.lengths[place] for place in ordered)
            if _fits(len(ordered), len(refs), size):
                if not gathered.fits(len(ordered), refs, size):
                    self._give(lanes, loads, [gathered.chunk()])
                    gathered = _Gathered()
                gathered.take(ordered, refs, size)
                continue
            split += len(ordered)
            self._give(lanes, loads, list(self._pieces(ordered)))
        if gathered.places:
            self._give(lanes, loads, [gathered.chunk()])
        return [each for each in lanes if each], split

    def _give(self, lanes: list[list[Chunk]], loads: list[int], chunks: list[Chunk]) -> None:
        lane = min(range(len(loads)), key=loads.__getitem__)
        lanes[lane] += chunks
        loads[lane] += sum(len(each.places) for each in chunks)

    def _components(self) -> Iterator[list[int]]:
        """Return the places of each connected part, in the order of the file. References outside connect nothing."""
        parent = array("l", range(len(self._refs)))

        def root(place: int) -> int:
            while parent[place] != place:
                parent[place] = place = parent[parent[place]]
            return place

        for place, refs in enumerate(self._refs):
            for ref in refs:
                if self.lengths[ref]:
                    # The lower one leads, so that parts come in the order of their first names.
                    first, second = sorted((root(place), root(ref)))
                    parent[second] = first
        members: dict[int, list[int]] = {}
        for place in range(len(self._refs)):
            if self.lengths[place]:
                members.setdefault(root(place), []).append(place)
        for each in members.values():
            yield sorted(each, key=self.numbers.__getitem__)

    def _ordered(self, members: list[int]) -> Iterator[int]:
        """Return the places so that each comes after what it refers to, goals first.

        Parents and dependencies may form a cycle together: there the first to be met comes last.
        """
        done: set[int] = set()
        waiting: set[int] = set()
        for start in [*(each for each in members if self._is_goal[each]), *members]:
            stack = [(start, False)]
            while stack:
                place, ready = stack.pop()
                if place in done or (place in waiting and not ready):
                    continue
                waiting.add(place)
                before = [ref for ref in self._refs[place] if self.lengths[ref] and ref not in done]
                if ready or not before:
                    done.add(place)
                    yield place
                    continue
                stack.append((place, True))
                stack += [(ref, False) for ref in reversed(before)]

    def _pieces(self, ordered: list[int]) -> Iterator[Chunk]:
        late: list[int] = []
        there: set[int] = set()
        for places in self._runs(ordered, DRAFTS_MAX):
            there.update(places)
            without = {}
            for place in places:
                missing = frozenset(ref for ref in self._refs[place] if self.lengths[ref] and ref not in there)
                if missing:
                    without[place] = missing
                    late.append(place)
            yield Chunk(tuple(places), without=without)
        for places in self._runs(late, LATE_MAX):
            yield Chunk(tuple(places), late=True)

    def _runs(self, ordered: list[int], most: int) -> Iterator[list[int]]:
        gathered = _Gathered()
        for place in ordered:
            refs = set(self._refs[place])
            if gathered.places and not gathered.fits(1, refs, self.lengths[place], most):
                yield gathered.places
                gathered = _Gathered()
            gathered.take([place], refs, self.lengths[place])
        if gathered.places:
            yield gathered.places


def _fits(drafts: int, refs: int, size: int, most: int = DRAFTS_MAX) -> bool:
    return (
        drafts <= most and 2 * drafts + refs <= ROWS_MAX and drafts + refs <= NAMES_MAX and size + drafts <= BYTES_MAX
    )


class _Gathered:
    """Lines on their way into a chunk, and what they refer to outside it."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self.parts: list[int] = []
        self._refs: set[int] = set()
        self._size = 0

    def fits(self, drafts: int, refs: set[int], size: int, most: int = DRAFTS_MAX) -> bool:
        """Return whether there is room for more lines."""
        outside = (self._refs | refs).difference(self.places)
        return _fits(len(self.places) + drafts, len(outside), self._size + size, most)

    def take(self, places: list[int], refs: set[int], size: int) -> None:
        """Take lines that fit."""
        self.places += places
        self.parts.append(len(places))
        self._refs = (self._refs | refs).difference(self.places)
        self._size += size

    def chunk(self) -> Chunk:
        """Return the chunk of whole parts."""
        return Chunk(tuple(self.places), tuple(self.parts))
