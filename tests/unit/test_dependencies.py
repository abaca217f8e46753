"""Cycles and chains in the graph of work, by ids alone."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from switchyard.domain.dependencies import WALK_MAX, FieldPaths, Walk, adds_edges, find_cycle, graph, refuse_cycles
from switchyard.domain.errors import Cycle, Invalid
from switchyard.domain.structs import replace
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


def test_a_walk_follows_as_many_tracks_as_it_may_and_refuses_one_more() -> None:
    for ahead, is_refused in ((WALK_MAX - 1, False), (WALK_MAX, True)):
        walk = Walk([task("a", "b")], ["a"])
        assert walk.frontier == {"b"}
        found = {"b": task("b", *(f"c{number}" for number in range(ahead - 1)))}
        if is_refused:
            with pytest.raises(Invalid, match=f"more than {WALK_MAX} tracks"):
                walk.go_on(found)
        else:
            walk.go_on(found)
            assert len(walk.frontier) == ahead - 1


def test_a_walk_passes_each_track_once_and_what_is_not_there() -> None:
    walk = Walk([task("a", "b", "c")], ["a"])
    walk.go_on({"b": task("b", "a", "c", "d")})
    assert (walk.frontier, set(walk.known)) == ({"d"}, {"a", "b"})
    walk.go_on({"d": task("d", "b")})
    assert walk.frontier == set()


def test_only_a_new_parent_or_a_new_dependency_can_close_a_cycle() -> None:
    plain, full = task("a"), replace(task("a", "b", "c"), parent_id="p")
    assert not adds_edges(full, full)
    assert not adds_edges(full, plain)
    assert not adds_edges(full, replace(full, title="b"))
    assert adds_edges(plain, full)
    assert adds_edges(full, replace(full, parent_id="q"))
    assert adds_edges(full, replace(full, depends_on=("b", "d")))
    assert not adds_edges(full, replace(full, depends_on=("c",)))


def test_a_task_that_waits_for_what_is_gone_is_stuck_unless_the_graph_is_cut_off() -> None:
    waits = task("b", "a")
    assert graph([waits], {}).stuck == ["b"]
    # What was not read any more is not known to be gone.
    assert graph([waits], {}, truncated=True).stuck == []
    assert graph([waits], {"a": task("a", status="cancelled")}, truncated=True).stuck == ["b"]
    assert graph([waits], {"a": task("a")}).stuck == []


def test_the_error_of_a_cycle_names_the_field_of_the_changed_track_and_its_own_words() -> None:
    changed = task("a", "c", "b")
    paths = {"a": FieldPaths("drafts.0.task.", indexed=True, names={"a": "first"})}
    with pytest.raises(Cycle) as refused:
        refuse_cycles([changed], {"b": task("b", "a"), "c": task("c")}, paths)
    assert refused.value.fields[0].field == "drafts.0.task.dependsOn.1"
    assert refused.value.path == ["first", "b", "first"]
