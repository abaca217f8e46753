"""Cycles and chains in the graph of work, by ids alone."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from switchyard.domain.dependencies import find_cycle, graph
from switchyard.domain.tracks import Track

IDS = "abcdef"
Edges = dict[str, list[str]]

graphs = some.dictionaries(some.sampled_from(IDS), some.lists(some.sampled_from(IDS), max_size=3))


def task(number: str, *depends_on: str, status: str = "todo") -> Track:
    return Track(
        tenant_id="t",
        id=number,
        type="task",
        title=number,
        status=status,
        depends_on=depends_on,
        created_by="u",
        created_at="2026-11-22T00:00:00.000Z",
        updated_at="2026-11-22T00:00:00.000Z",
        changed_by="u",
        changed_by_kind="user",
        changed_source="api",
        changed_request="r",
    )


def leads_to_itself(start: str, edges: Edges) -> bool:
    reached, todo = set[str](), list(edges.get(start, ()))
    while todo:
        one = todo.pop()
        if one not in reached:
            reached.add(one)
            todo += edges.get(one, ())
    return start in reached


@given(graphs, some.permutations(IDS))
def test_a_cycle_is_found_exactly_where_there_is_one_and_runs_along_the_edges(edges: Edges, changed: list[str]) -> None:
    path = find_cycle(changed, edges)
    assert (path is not None) == any(leads_to_itself(each, edges) for each in IDS)
    if path:
        assert all(other in edges[one] for one, other in pairwise(path))
        assert path[0] == path[-1] == min(path, key=changed.index)
        assert len(set(path)) == len(path) - 1


def test_a_cycle_begins_with_the_first_changed_track_in_it() -> None:
    edges = {"a": ["b"], "b": ["c"], "c": ["a"], "x": ["c"]}
    assert find_cycle(["b"], edges) == ["b", "c", "a", "b"]
    assert find_cycle(["x", "c", "b"], edges) == ["c", "a", "b", "c"]
    assert find_cycle(["a"], {"a": ["a"]}) == ["a", "a"]


def test_a_chain_of_thousands_is_walked() -> None:
    chain = {str(number): [str(number + 1)] for number in range(20_000)}
    assert find_cycle(["0"], chain) is None
    path = find_cycle(["0"], {**chain, "20000": ["0"]})
    assert path is not None
    assert len(path) == 20_002
    tasks = [task(str(number), str(number + 1)) for number in range(5_000)]
    assert graph(tasks, {}).critical_path == 5_000


def test_the_critical_path_counts_unfinished_tasks_alone() -> None:
    tasks = [task("a", status="done"), task("b", "a"), task("c", "b", "b", "gone"), task("d", "a")]
    assert graph(tasks, {}).critical_path == 2


def test_tasks_that_seem_to_wait_for_each_other_are_no_error() -> None:
    assert graph([task("a", "b"), task("b", "a"), task("c", "b"), task("d")], {}).critical_path == 1
