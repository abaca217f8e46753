"""Faults that no emulator produces: throttles, lost answers, transactions that meet each other."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from switchyard.aws import retry
from switchyard.aws.errors import ApiError, Unreachable
from switchyard.domain import tracks
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.errors import Busy
from switchyard.http.statuses import status_of
from switchyard.ledger import tracks as verbs
from switchyard.ledger.unit import Stale, Unit
from switchyard.store.table import ConditionFailed, Table

ACTOR = Actor("tenant", "user_ada", "user", frozenset(SCOPES), "token")
LOST = Unreachable("no answer")


def refused(code: str, **more: Any) -> ApiError:
    return ApiError({"Error": {"Code": code, "Message": code}, **more}, "operation")


def cancelled(*codes: str) -> ApiError:
    reasons = [{"Code": code} for code in codes]
    return refused("TransactionCanceledException", CancellationReasons=reasons)


class Script:
    """A client that answers each call with the next of its lines, raising those that are exceptions."""

    def __init__(self, *lines: Any) -> None:
        self.lines = list(lines)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**params: Any) -> Any:
            self.calls.append((operation, params))
            line = self.lines.pop(0)
            if callable(line):
                line = line(params)
            if isinstance(line, Exception):
                raise line
            return line

        return call


def table_of(*lines: Any, seconds: float = 5) -> tuple[Table, Script]:
    script = Script(*lines)
    table = Table("table", script)
    table.deadline = time.monotonic() + seconds
    return table, script


@pytest.mark.parametrize(
    "fault",
    [
        refused("ProvisionedThroughputExceededException"),
        refused("ThrottlingException"),
        refused("InternalServerError"),
        refused("RequestLimitExceeded"),
        LOST,
    ],
)
def test_a_throttle_or_time_out_is_tried_again(fault: Exception) -> None:
    table, script = table_of(fault, fault, {"Item": {"pk": {"S": "a"}}})
    assert table.get("a", "b") == {"pk": {"S": "a"}}
    assert len(script.calls) == 3


def test_when_no_time_is_left_the_caller_is_asked_to_come_back() -> None:
    table, script = table_of(*[refused("ThrottlingException")] * 1_000, seconds=0.6)
    with pytest.raises(Busy) as told:
        table.get("a", "b")
    assert (status_of(told.value), told.value.retry_after) == (503, 1)
    assert len(script.calls) < 1_000


def test_no_attempt_starts_when_the_time_is_over() -> None:
    table, script = table_of(refused("ThrottlingException"), seconds=0)
    with pytest.raises(Busy):
        table.get("a", "b")
    assert len(script.calls) == 1


def test_a_mistake_of_ours_is_not_tried_again() -> None:
    table, script = table_of(refused("ValidationException"))
    with pytest.raises(ApiError):
        table.get("a", "b")
    assert len(script.calls) == 1


def test_a_transaction_that_met_another_one_is_tried_again_under_the_same_token() -> None:
    table, script = table_of(cancelled("None", "TransactionConflict"), {})
    put = {"Put": {"Item": {}}}
    table.write([put, put])
    first, second = (params["ClientRequestToken"] for _, params in script.calls)
    assert first == second


def test_a_failed_condition_is_final_even_beside_a_conflict() -> None:
    table, script = table_of(cancelled("ConditionalCheckFailed", "TransactionConflict"))
    put = {"Put": {"Item": {}}}
    with pytest.raises(ConditionFailed) as told:
        table.write([put, put])
    assert told.value.items == [{}, None]
    assert len(script.calls) == 1


def test_a_transaction_whose_answer_was_lost_is_sent_again_under_its_token() -> None:
    table, script = table_of(LOST, {})
    unit = Unit(table, ACTOR, "request")
    parent = "01a204c8-80c2-7000-ba82-bb7801b17d9b"
    verbs.create(unit, "task", "Task", parent_id=parent)
    unit.commit(201, {}, "{}")
    first, second = (params["ClientRequestToken"] for _, params in script.calls)
    assert first == second


def test_a_create_whose_answer_was_lost_recognises_its_own_row() -> None:
    def own_row(params: dict[str, Any]) -> Exception:
        return refused("ConditionalCheckFailedException", Item=params["Item"])

    table, script = table_of(LOST, own_row)
    unit = Unit(table, ACTOR, "request")
    verbs.create(unit, "task", "Task")
    unit.commit(201, {}, "{}")
    assert [operation for operation, _ in script.calls] == ["put_item", "put_item"]


def test_an_update_that_someone_else_overtook_is_stale() -> None:
    before = tracks.create(ACTOR, "earlier", "task", "Task")
    row = {"version": {"N": "2"}, "changed_request": {"S": "another request"}}
    table, _ = table_of(refused("ConditionalCheckFailedException", Item=row))
    unit = Unit(table, ACTOR, "request")
    verbs.change(unit, before, title="Other")
    with pytest.raises(Stale):
        unit.commit(200, {}, "{}")


def test_rows_are_read_as_they_lie_in_the_table() -> None:
    row = {"pk": {"S": "a"}, "sk": {"S": "b"}, "fields": {"S": '{"t":"Title"}'}, "version": {"N": "1"}}
    table, _ = table_of({"Item": row}, {"Responses": {"table": [row]}})
    assert table.get("a", "b") == row
    assert table.get_many([("a", "b")]) == {("a", "b"): row}


def test_rows_that_a_batch_left_unprocessed_are_read_in_the_next() -> None:
    row, key = {"pk": {"S": "a"}, "sk": {"S": "b"}}, {"pk": {"S": "a"}, "sk": {"S": "b"}}
    left = {"Responses": {}, "UnprocessedKeys": {"table": {"Keys": [key]}}}
    table, script = table_of(left, {"Responses": {"table": [row]}})
    assert table.get_many([("a", "b")]) == {("a", "b"): row}
    assert len(script.calls) == 2


# ---------------------------------------------------------------- what is left unprocessed


def unprocessed_keys(params: dict[str, Any]) -> dict[str, Any]:
    return {"Responses": {}, "UnprocessedKeys": params["RequestItems"]}


def unprocessed_items(params: dict[str, Any]) -> dict[str, Any]:
    return {"UnprocessedItems": params["RequestItems"]}


@pytest.mark.parametrize("reads", [True, False])
def test_what_dynamodb_leaves_unprocessed_is_asked_for_again_after_a_pause(
    monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    left, done = (unprocessed_keys, {"Responses": {}}) if reads else (unprocessed_items, {})
    table, script = table_of(left, left, left, done)
    slept: list[float] = []
    monkeypatch.setattr(retry.random, "uniform", lambda _, bound: bound)
    monkeypatch.setattr(retry.time, "sleep", slept.append)
    _batch(table, reads)
    assert len(script.calls) == 4
    assert len({str(params) for _, params in script.calls}) == 1
    assert slept == [0.025, 0.05, 0.1]


@pytest.mark.parametrize("reads", [True, False])
def test_what_stays_unprocessed_until_the_deadline_is_busy(reads: bool) -> None:
    table, script = table_of(unprocessed_keys if reads else unprocessed_items, seconds=0.4)
    with pytest.raises(Busy):
        _batch(table, reads)
    assert len(script.calls) == 1


def _batch(table: Table, reads: bool) -> None:
    if reads:
        table.get_many([("a", "b")])
    else:
        table.put_many([{"pk": {"S": "a"}, "sk": {"S": "b"}}])
