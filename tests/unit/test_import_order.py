"""The order and the parts in which the lines of an import are applied, for any references among them."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from switchyard.domain import import_order
from switchyard.domain.import_order import Chunk, Outline

Graph = dict[int, list[int]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Numbers that refer to numbers, of which some are outside the file; cycles included."""
    count = draw(st.integers(1, 160))
    sizes = draw(st.sampled_from([3, 20, 160]))
    refs = st.lists(st.integers(0, count + 5), max_size=4)
    found: Graph = {}
    for number in draw(st.permutations(range(count))):
        near = number // sizes * sizes
        found[number] = [ref if ref > count else near + ref % sizes for ref in draw(refs)]
    return found


def outlined(graph: Graph, length: int = 100) -> Outline:
    outline = Outline()
    for line, (number, refs) in enumerate(graph.items(), 1):
        outline.add(f"n{number}", line, line * length, length, number % 5 == 0, [f"n{ref}" for ref in refs])
    return outline


def names(outline: Outline, graph: Graph) -> dict[int, int]:
    """The numbers by their places."""
    return {place: number for number in graph if (place := outline.place_of(f"n{number}")) is not None}


def flat(lanes: Sequence[Sequence[Chunk]]) -> list[Chunk]:
    return [chunk for lane in lanes for chunk in lane]


@given(graphs())
def test_each_line_is_applied_once_and_after_what_it_refers_to(graph: Graph) -> None:
    outline = outlined(graph)
    number_of = names(outline, graph)
    lanes, split = outline.lanes(4)
    first = [chunk for chunk in flat(lanes) if not chunk.late]
    applied = [number_of[place] for chunk in first for place in chunk.places]
    assert sorted(applied) == sorted(graph)
    assert split == sum(len(chunk.places) for chunk in first if not chunk.parts)
    for lane in lanes:
        there: set[int] = set()
        owed: dict[int, set[int]] = {}
        for chunk in lane:
            inside = {number_of[place] for place in chunk.places}
            for place in chunk.places:
                number = number_of[place]
                refs = {ref for ref in graph[number] if ref in graph and ref != number}
                left_out = {number_of[each] for each in chunk.without.get(place, ())}
                assert refs - left_out <= there | inside
                if left_out:
                    owed[number] = left_out
                if chunk.late:
                    assert owed.pop(number)
            there |= inside
        assert owed == {}


@given(graphs(), st.sampled_from([100, 60_000, 400_000]))
def test_a_chunk_fits_into_a_transaction_and_a_request(graph: Graph, length: int) -> None:
    outline = outlined(graph, length)
    number_of = names(outline, graph)
    for chunk in flat(outline.lanes(4)[0]):
        inside = {number_of[place] for place in chunk.places}
        outside = {ref for number in inside for ref in graph[number]} - inside
        assert len(inside) == len(chunk.places) <= import_order.DRAFTS_MAX
        assert len(inside) == 1 or 2 * len(inside) + len(outside) <= import_order.ROWS_MAX
        assert len(inside) == 1 or len(inside) * (length + 1) <= import_order.BYTES_MAX + length


@given(graphs())
def test_what_is_connected_stays_in_one_lane_and_together_where_it_fits(graph: Graph) -> None:
    outline = outlined(graph)
    number_of = names(outline, graph)
    lanes, _ = outline.lanes(4)
    lane_of = {number_of[place]: at for at, lane in enumerate(lanes) for chunk in lane for place in chunk.places}
    for number, refs in graph.items():
        assert {lane_of[ref] for ref in refs if ref in graph} <= {lane_of[number]}
    for chunk in flat(lanes):
        if not chunk.parts:
            continue
        assert sum(chunk.parts) == len(chunk.places)
        inside = [number_of[place] for place in chunk.places]
        part_of = [at for at, size in enumerate(chunk.parts) for _ in range(size)]
        where = dict(zip(inside, part_of, strict=True))
        for number in inside:
            assert {where[ref] for ref in graph[number] if ref in graph} <= {where[number]}


def test_parts_without_ties_are_spread_over_the_lanes() -> None:
    lanes, split = outlined({number: [] for number in range(480)}).lanes(4)
    assert (len(lanes), split) == (4, 0)
    assert {sum(len(chunk.places) for chunk in lane) for lane in lanes} <= {96, 144}


def test_nothing_makes_no_lane() -> None:
    assert Outline().lanes(4) == ([], 0)
