"""A table that an earlier version filled is brought to today's form, beside requests."""

from collections import Counter
from typing import Any

import pytest

from switchyard import admin as command_line
from switchyard.admin import Admin
from switchyard.domain.errors import Invalid
from switchyard.store import keys, migration
from switchyard.store.table import ConditionFailed, Item, Table
from tests.api.conftest import client_of
from tests.support import former
from tests.support.stream import Stream

#: Units a second that no test comes near.
FAST = 10**9


@pytest.fixture
def filled(table: Table) -> Table:
    """A table with the rows of the version before."""
    table.put_many(former.ROWS)
    return table


def rows(table: Table) -> dict[tuple[str, str], Item]:
    found = table.client.scan(TableName=table.name)["Items"]
    return {(row["pk"]["S"], row["sk"]["S"]): row for row in found}


def worded(table: Table) -> int:
    return sum("text" in row for row in rows(table).values())


def test_lists_show_the_same_before_and_after(filled: Table) -> None:
    api = client_of(filled, former.TENANT)
    assert former.shown(api) == former.LISTS
    assert migration.migrate(filled, units=FAST)["changed"] == 8
    assert former.shown(api) == former.LISTS


def test_what_is_retired_goes_and_everything_else_stays(filled: Table) -> None:
    before = rows(filled)
    assert worded(filled) == 8
    migration.migrate(filled, units=FAST)
    assert rows(filled) == {key: {name: v for name, v in row.items() if name != "text"} for key, row in before.items()}


def test_what_is_migrated_is_left_alone(filled: Table) -> None:
    count = len(former.ROWS)
    assert migration.migrate(filled, units=FAST) == {"seen": count, "changed": 8}
    assert migration.migrate(filled, units=FAST) == {"seen": count, "changed": 0}


def test_nobody_is_told_of_it(filled: Table) -> None:
    stream = Stream(filled, former.TENANT)
    stream.collect()
    before = len(rows(filled))
    migration.migrate(filled, units=FAST)
    stream.settle()
    assert len(rows(filled)) == before


def test_an_interrupted_migration_goes_on_at_its_last_page(filled: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "PAGE", 3)
    scans: Counter[str] = Counter()
    call = filled.call

    def failing(operation: str, **params: Any) -> Any:
        scans.update([operation])
        if scans["scan"] == 3:
            raise KeyboardInterrupt
        return call(operation, **params)

    monkeypatch.setattr(filled, "call", failing)
    with pytest.raises(KeyboardInterrupt):
        migration.migrate(filled, units=FAST)
    monkeypatch.setattr(filled, "call", call)
    assert filled.get(*keys.MIGRATION)
    # The mark's own row may be among what is left.
    assert migration.migrate(filled, units=FAST)["seen"] <= len(former.ROWS) - 6 + 1
    assert (worded(filled), filled.get(*keys.MIGRATION)) == (0, None)


def test_it_takes_no_more_units_a_second_than_it_may(filled: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration.time, "monotonic", lambda: 1_000.0)
    pauses: list[float] = []
    migration.migrate(filled, units=2, pause=pauses.append)
    # Time stands still: each pause is for all that was consumed so far, by the scan and by each of the 8 writes.
    assert len(pauses) == 1 + 8
    assert pauses == sorted(set(pauses))


def test_a_row_that_goes_meanwhile_is_passed_over(filled: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> None:
        raise ConditionFailed([{}])

    monkeypatch.setattr(filled, "write", lambda actions: refuse(actions) if "Update" in actions[0] else None)
    assert migration.migrate(filled, units=FAST)["changed"] == 0


def test_the_command_says_what_it_did(filled: Table, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["--table", filled.name, "migrate", "--units", "100000"]) == 0
    assert capsys.readouterr().out == f"8 of {len(former.ROWS)} rows changed\n"


def test_a_rate_of_nothing_is_refused(table: Table) -> None:
    with pytest.raises(Invalid, match="units"):
        Admin(table.name, table.client).migrate(0)
