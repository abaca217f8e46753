"""A table that an earlier version filled is brought to today's form, beside requests."""

from collections import Counter
from typing import Any

import pytest

from switchyard import admin as command_line
from switchyard.admin import Admin
from switchyard.domain.errors import Invalid
from switchyard.store import keys, migration, runs, tracks
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


def unpacked(table: Table) -> int:
    """How many tracks and runs have each field as an attribute."""
    return sum(row["sk"]["S"].startswith(("TRACK", "RUN#")) and "fields" not in row for row in rows(table).values())


def test_lists_show_the_same_before_and_after(filled: Table) -> None:
    api = client_of(filled, former.TENANT)
    objectives = f"/v1/workspaces/{former.TENANT}/objectives"
    lists = (
        "/v1/audit",
        "/v1/tasks",
        "/api/v1/tasks",
        "/api/v1/tasks/ready",
        "/api/projects/@current/tasks/",
        objectives,
        f"{objectives}/{former.GOAL}/tasks",
    )

    def others() -> dict[str, str]:
        found = {each: api.get(each) for each in lists}
        return {each: answer.text.replace(answer.headers["x-request-id"], "") for each, answer in found.items()}

    before = others()
    assert former.shown(api) == former.LISTS
    assert all("01a2175c-" in each for each in before.values()), before
    assert migration.migrate(filled, units=FAST)["changed"] == former.CHANGED
    assert former.shown(api) == former.LISTS
    assert others() == before


def test_fields_lie_together_and_say_the_same(filled: Table) -> None:
    before = rows(filled)
    assert unpacked(filled) == 9
    migration.migrate(filled, units=FAST)
    after = rows(filled)
    assert unpacked(filled) == 0
    for key, row in after.items():
        codec = {"TRACK": tracks.ROWS, "RUN": runs.ROWS}.get(key[1].partition("#")[0])
        if codec:
            assert codec.to_item(codec.from_item(before[key])) == row
        else:
            assert row in (before[key], {name: each for name, each in before[key].items() if name != "list"})
    assert [key for key, row in before.items() if "list" in row and "list" not in after[key]] == [
        key for key in after if key[1].startswith("PROJECT#")
    ]


def test_a_track_that_is_changed_meanwhile_is_left_to_its_change(
    filled: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, call = client_of(filled, former.TENANT), filled.call
    (goal,) = (each for each in api.get("/v1/tracks?type=goal").json["items"])

    def changed_first(operation: str, **params: Any) -> Any:
        if operation == "update_item" and goal["id"] in params["Key"]["pk"]["S"]:
            monkeypatch.setattr(filled, "call", call)
            assert api.patch(f"/v1/tracks/{goal['id']}", {"title": "Bern"}).status == 200
        return call(operation, **params)

    monkeypatch.setattr(filled, "call", changed_first)
    assert migration.migrate(filled, units=FAST)["changed"] == former.CHANGED - 1
    assert api.get(f"/v1/tracks/{goal['id']}").json["title"] == "Bern"
    assert unpacked(filled) == 0


def test_what_is_migrated_is_left_alone(filled: Table) -> None:
    count = len(former.ROWS)
    assert migration.migrate(filled, units=FAST) == {"seen": count, "changed": former.CHANGED}
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
    assert (unpacked(filled), filled.get(*keys.MIGRATION)) == (0, None)


def test_it_takes_no_more_units_a_second_than_it_may(filled: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration.time, "monotonic", lambda: 1_000.0)
    pauses: list[float] = []
    migration.migrate(filled, units=2, pause=pauses.append)
    # Time stands still: each pause is for all that was consumed so far, by the scan and by each of the writes.
    assert len(pauses) == 1 + former.CHANGED
    assert pauses == sorted(set(pauses))


def test_a_row_that_goes_meanwhile_is_passed_over(filled: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> None:
        raise ConditionFailed([{}])

    monkeypatch.setattr(filled, "write", lambda actions: refuse(actions) if "Update" in actions[0] else None)
    assert migration.migrate(filled, units=FAST)["changed"] == 0


def test_the_command_says_what_it_did(filled: Table, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["--table", filled.name, "migrate", "--units", "100000"]) == 0
    assert capsys.readouterr().out == f"{former.CHANGED} of {len(former.ROWS)} rows changed\n"


def test_a_rate_of_nothing_is_refused(table: Table) -> None:
    with pytest.raises(Invalid, match="units"):
        Admin(table.name, table.client).migrate(0)
