"""The simulation of scale: what it tells of the keys follows from them."""

import pytest

from bench import scale
from switchyard.store import indexes


def test_a_tenants_list_is_one_partition_and_tenants_share_none() -> None:
    alone, shared = (scale.hottest(scale.tasks(200, tenants)) for tenants in (1, 100))
    assert (alone["list-id"], shared["list-id"]) == (200, 2)
    assert (alone["of-goal"], shared["of-goal"]) == (4, 2)
    assert alone["priority-rank"] == 200 / 4


@pytest.mark.parametrize("name", scale.PAGES)
def test_a_page_costs_the_same_in_a_list_ten_times_as_long(name: str) -> None:
    index, statuses = scale.PAGES[name]
    (item,) = scale.tasks(1, 1)
    assert scale.page(index, item, statuses, 100_000) == scale.page(index, item, statuses, 1_000_000) > 0


def test_a_page_of_keys_alone_reads_each_row_from_the_table() -> None:
    (item,) = scale.tasks(1, 1)
    copies, keys = (scale.page(each, item, ("todo",), 1_000) for each in (indexes.LISTED_BY_RANK, indexes.OF_GOAL))
    assert keys == pytest.approx(0.5 * scale.LIMIT + 1)
    assert copies < keys
