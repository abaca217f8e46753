"""docs/cost.md tells what is counted, and the goals for what costs all the time are met."""

import re

import pytest

from bench import cost
from bench.spending import Spent


@pytest.fixture(scope="module")
def counted() -> list[Spent]:
    return cost.count()[0]


def test_the_page_on_cost_tells_what_is_counted(counted: list[Spent]) -> None:
    page = cost.PAGE.read_text()
    for spent in counted:
        used = f"| {spent.name} | {spent.written:g} | {spent.read:g} | {spent.invocations} | {spent.calls} |"
        assert used in page, f'make bench ARGS="cost --write": {used}'


def test_a_stack_at_rest_and_an_idle_worker_cost_little(counted: list[Spent]) -> None:
    (poll,) = [each for each in counted if each.name.startswith("claim of runs")]
    assert 0 < sum(cost.at_rest(cost.reconciler()).values()) < cost.AT_REST_MAX
    assert 0 < cost.idle_worker(poll) < cost.IDLE_WORKER_MAX < cost.waiting_worker(poll)


def test_the_plain_design_costs_more(counted: list[Spent]) -> None:
    for spent in counted:
        assert cost.naive(spent) > sum(cost.million(spent).values()) > 0


def test_each_group_of_prices_names_its_page() -> None:
    text = (cost.ROOT / "bench/prices.toml").read_text()
    groups = re.findall(r"^\[(\w+)\](.*)$", text, re.MULTILINE)
    assert {name for name, _ in groups} == set(cost.PRICES)
    assert [name for name, rest in groups if "https://aws.amazon.com/" not in rest] == ["assumed"]
