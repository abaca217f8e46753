"""The simulation of scale: what it tells of the keys follows from them."""

import pytest

from bench import heat, scale
from switchyard.store import indexes


def test_a_tenants_list_is_one_partition_and_tenants_share_none() -> None:
    alone, shared = (heat.second(200, tenants).hottest() for tenants in (1, 100))
    assert (alone["list-id"], shared["list-id"]) == (200, 2)
    assert (alone["of-goal"], shared["of-goal"]) == (1, 2)
    assert alone["priority-rank"] == 200 / 4
    assert alone["ready-rank"] == 200 / 2


def test_shards_relieve_each_list_that_grows_with_the_tenant() -> None:
    alone, sharded = (heat.second(400, 1, count) for count in (1, 4))
    grown = {name for name, units in alone.hottest().items() if units >= 400 / 4}
    assert grown == {"list-id", "list-rank", "list-updated", "priority-rank", "ready-rank"}
    for name in grown:
        assert sharded.hottest()[name] <= alone.hottest()[name] * 0.45, name
    # What follows is counted too: the trail, and what a goal and a project count.
    lists = set(alone.load["list-id"])
    assert {each.partition("#")[2] for each in lists} == {"task", "goal", "audit"}
    assert sum(sharded.load["list-id"].values()) == sum(alone.load["list-id"].values())


@pytest.mark.parametrize("name", scale.PAGES)
def test_a_page_costs_the_same_in_a_list_ten_times_as_long(name: str) -> None:
    index, statuses = scale.PAGES[name]
    item = scale.task()
    assert scale.page(index, item, statuses, 100_000) == scale.page(index, item, statuses, 1_000_000) > 0


def test_a_page_of_keys_alone_reads_each_row_from_the_table() -> None:
    item = scale.task()
    copies, keys = (scale.page(each, item, ("todo",), 1_000) for each in (indexes.LISTED_BY_RANK, indexes.OF_GOAL))
    assert keys == pytest.approx(0.5 * scale.LIMIT + 1)
    assert copies < keys


def test_a_page_over_shards_reads_half_a_unit_of_each_among_few_tasks_and_many() -> None:
    index, statuses = scale.PAGES["all, newest first"]
    units = [scale.page(index, scale.task(), statuses, each, over=16) for each in (1_000, 100_000)]
    assert units == [0.5 * 16, 0.5 * 16]
