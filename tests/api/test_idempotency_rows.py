"""The rows of idempotency keys: kept for a day to the second, however long the answer is."""

import pytest

from switchyard.domain import clock
from switchyard.domain.errors import IdempotencyConflict
from switchyard.store import idempotency
from switchyard.store.idempotency import KEEP_SECONDS, PART_MAX, KeyUse, Remembered, Replay
from switchyard.store.table import ConditionFailed, Table

USE = KeyUse("tenant", "user_ada", "key", "fingerprint")
NOW = 1_780_650_000


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The clock of the test: its only element."""
    current = [NOW]
    monkeypatch.setattr(clock, "epoch", lambda: current[0])
    return current


def keep(table: Table, body: str = "first") -> None:
    table.write(idempotency.remember(USE, 201, {"etag": '"1"'}, body))


def replayed(table: Table) -> str | None:
    """Return the body that is given again, None when the key counts no more."""
    try:
        idempotency.refuse_reuse(table, USE, table.get(*USE.row_key))
    except Replay as known:
        return known.remembered.body
    return None


def test_the_first_answer_is_given_again_as_it_was(table: Table) -> None:
    keep(table)
    with pytest.raises(Replay) as known:
        idempotency.refuse_reuse(table, USE, table.get(*USE.row_key))
    assert known.value.remembered == Remembered(201, {"etag": '"1"'}, "first")


def test_a_key_counts_for_a_day_and_not_a_second_longer(table: Table, now: list[int]) -> None:
    keep(table)
    now[0] = NOW + KEEP_SECONDS - 1
    assert replayed(table) == "first"
    with pytest.raises(ConditionFailed):
        keep(table, "second")
    now[0] = NOW + KEEP_SECONDS
    assert replayed(table) is None
    keep(table, "second")
    assert replayed(table) == "second"


def test_a_key_is_refused_for_another_request_while_it_counts(table: Table, now: list[int]) -> None:
    keep(table)
    other = KeyUse(USE.tenant_id, USE.actor_id, USE.key, "another")
    with pytest.raises(IdempotencyConflict):
        idempotency.refuse_reuse(table, other, table.get(*USE.row_key))
    now[0] = NOW + KEEP_SECONDS
    idempotency.refuse_reuse(table, other, table.get(*USE.row_key))


@pytest.mark.parametrize("length", [0, 1, PART_MAX - 1, PART_MAX, PART_MAX + 1, 2 * PART_MAX, 2 * PART_MAX + 1])
def test_an_answer_of_any_length_is_given_again_whole_from_as_few_rows_as_hold_it(
    table: Table, now: list[int], length: int
) -> None:
    body = ("0123456789é" * (length // 11 + 1))[:length]
    keep(table, body)
    assert replayed(table) == body
    rows, _ = table.query(KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": USE.row_key[0]}})
    assert len(rows) == max(-(-length // PART_MAX), 1)
    assert {int(row["expires_at"]["N"]) for row in rows} == {now[0] + KEEP_SECONDS}
