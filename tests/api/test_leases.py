"""A heartbeat in one round trip holds where the rules of claims (domain/claims.py) let it, to the millisecond."""

from typing import Any

import pytest

from switchyard.store import keys, leases, tracks
from switchyard.store.table import Table
from tests.support.entities import AT, a_track
from tests.support.instants import NOW, at

SECONDS = 300
HALF = SECONDS / 2


def extend(table: Table, *, under: int | None = None, **fields: Any) -> dict[str, Any]:
    """Write a claimed task with these fields and extend its lease; returns what changed, {} where it was refused."""
    task = a_track(**{"status": "in_progress", "holder": "agent_one", "fence": 4, **fields})
    row = tracks.to_item(task)
    table.write([{"Put": {"Item": row}}])
    found, is_done = leases.extend(
        table, keys.track(task.tenant_id, task.id), "agent_one", under, NOW, SECONDS, {"lease_seconds": {"N": "300"}}
    )
    if not is_done:
        assert found == row  # the row is shown as it stands, so that nobody has to read it
        return {}
    return {name: value for name, value in found.items() if row.get(name) != value}


@pytest.mark.parametrize("under", [None, 4])
@pytest.mark.parametrize("left", [HALF, HALF + 0.001, SECONDS])
def test_a_lease_with_half_its_time_left_is_extended_and_lists_keep_the_end_that_they_know(
    table: Table, left: float, under: int | None
) -> None:
    changed = extend(table, under=under, lease_until=at(left))
    assert changed == {
        "lease_seconds": {"N": "300"},
        "lease_listed": {"S": at(left)},
        **({"lease_until": {"S": at(SECONDS)}} if left < SECONDS else {}),
    }


@pytest.mark.parametrize("listed", [HALF, HALF + 0.001])
def test_the_end_that_lists_know_stays_while_it_is_half_the_lease_away(table: Table, listed: float) -> None:
    changed = extend(table, lease_until=at(200), lease_listed=at(listed))
    assert changed == {"lease_seconds": {"N": "300"}, "lease_until": {"S": at(SECONDS)}}


@pytest.mark.parametrize(
    "fields",
    [
        {"lease_until": at(HALF - 0.001)},
        {"lease_until": at(200), "lease_listed": at(HALF - 0.001)},
        # It would end earlier than it does.
        {"lease_until": at(SECONDS + 0.001)},
        {"lease_until": at(0)},
        {"lease_until": at(200), "holder": "agent_two"},
        {"lease_until": at(200), "fence": 5},
        {"lease_until": at(200), "owner": "user_ada"},
        {"lease_until": at(200), "deleted_at": AT},
    ],
)
def test_any_other_lease_needs_a_look_and_stays_as_it_is(table: Table, fields: dict[str, Any]) -> None:
    assert extend(table, under=4, **fields) == {}


def test_a_task_that_is_not_there_is_shown_as_no_row(table: Table) -> None:
    assert leases.extend(table, keys.track("acme", "none"), "agent_one", None, NOW, SECONDS, {}) == ({}, False)
