"""What changed since the last time: rows, stream records, positions and executions, as batches for the journal.

MiniStack keeps all of it in memory and knows no changes. A request changes rows without giving way to another, so that
a batch taken between two requests has all of a transaction or nothing of it.
"""

import json
import logging
import threading
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb, lambda_svc, stepfunctions

from local.emulator import streams
from local.emulator.journal import Batch, Journal

logger = logging.getLogger("switchyard.changes")

END = "end"

# Rows since the last batch; None for one that is gone.
_rows: dict[tuple[str, Any, Any], dict | None] = {}
# What the journal has: the rows' container of each table, the end of each stream, positions, marks of executions.
_tables: dict[str, Any] = {}
_ends: dict[str, int] = {}
_positions: dict[tuple[str, str], int] = {}
_executions: dict[str, tuple] = {}
_lost = threading.Event()


def install() -> None:
    """Have each change of a row noted."""
    dynamodb._set_item = noted(dynamodb._set_item)
    dynamodb._remove_item = noted(dynamodb._remove_item)


def noted(change: Callable) -> Callable:
    """Note what a change does to a row: the row that is stored, or none when it is deleted."""

    def with_note(table: dict, pk: Any, sk: Any, item: dict | None = None) -> dict | None:
        _rows[table_scope(table), pk, sk] = item
        return change(table, pk, sk) if item is None else change(table, pk, sk, item)

    return with_note


def scope_of(account: str, region: str, name: str) -> str:
    """How the journal names a table, or whatever else has an account and a region."""
    return f"{account}\n{region}\n{name}"


def table_scope(table: dict) -> str:
    """How the journal names a table."""
    _, _, _, region, account, name = table["TableArn"].split(":", 5)
    return scope_of(account, region, name.removeprefix("table/"))


def forget() -> None:
    """Take everything for changed, since a batch could not be written: the next one has all there is."""
    _lost.set()


# ---------------------------------------------------------------- taking


def take(positions: dict[tuple[str, str], int]) -> Batch:
    """Everything that changed since the last batch; `positions` are those that mappings restart from."""
    if _lost.is_set():
        _lost.clear()
        for known in (_tables, _ends, _positions, _executions):
            known.clear()
    batch = Batch()
    take_rows(batch)
    take_records(batch, positions)
    take_executions(batch)
    return batch


def take_rows(batch: Batch) -> None:
    """The changed rows. A table whose rows were exchanged as a whole is written again."""
    changed = dict(_rows)
    _rows.clear()
    tables = {scope_of(*key): table["items"] for key, table in dynamodb._tables.all_items()}
    for scope in _tables.keys() - tables.keys():
        batch.cleared.append(("row", scope))
        del _tables[scope]
    for scope, items in tables.items():
        if _tables.get(scope) is not items:
            batch.cleared.append(("row", scope))
            _tables[scope] = items
            changed |= {(scope, pk, sk): item for pk, rows in items.items() for sk, item in rows.items()}
    batch.entries += [
        ("row", scope, json.dumps([pk, sk]), item) for (scope, pk, sk), item in changed.items() if scope in tables
    ]


def take_records(batch: Batch, positions: dict[tuple[str, str], int]) -> None:
    """The new records, and how far all mappings have read."""
    with streams.trimming:
        for (account, region, table), records in dynamodb._stream_records.all_items():
            scope = scope_of(account, region, table)
            start = dynamodb._trimmed_count(table, account, region)
            end = start + len(records)
            if _ends.get(scope) == end:
                continue
            first = max(start, _ends.get(scope, start))
            batch.entries += [
                ("record", scope, place(first + n), each) for n, each in enumerate(records[first - start :])
            ]
            batch.entries.append(("record", scope, END, end))
            _ends[scope] = end
    for scope in _ends.keys() - {scope_of(*key) for key, _ in dynamodb._stream_records.all_items()}:
        batch.cleared.append(("record", scope))
        del _ends[scope]
    if positions != _positions:
        batch.entries += [("position", *key, reached) for key, reached in positions.items()]
        batch.entries += [("position", *key, None) for key in _positions.keys() - positions.keys()]
        _positions.clear()
        _positions.update(positions)
        for (account, region, table), reached in streams.read_by_all(positions).items():
            batch.read.append((scope_of(account, region, table), place(reached)))


def place(position: int) -> str:
    """A position as a key that sorts as positions do, and before `END`."""
    return f"{position:020d}"


def take_executions(batch: Batch) -> None:
    """The executions that went on."""
    current = {scope_of(*key): execution for key, execution in stepfunctions._executions.all_items()}
    for scope, execution in current.items():
        mark = (execution["status"], len(execution.get("events", ())))
        if _executions.get(scope) == mark:
            continue
        try:
            copy = json.loads(json.dumps(execution))
        except RuntimeError:
            # It continues in its own thread meanwhile; the next batch has it.
            logger.debug("%s is saved next time", scope, exc_info=True)
            continue
        batch.entries.append(("execution", scope, "", copy))
        _executions[scope] = mark
    for scope in _executions.keys() - current.keys():
        batch.entries.append(("execution", scope, "", None))
        del _executions[scope]


# ---------------------------------------------------------------- bringing back


def restore_executions(journal: Journal, executions: Any) -> None:
    """Bring executions back into MiniStack's store of them."""
    for scope, _, execution in journal.read("execution"):
        executions.set_scoped(*scope.split("\n", 2), execution)


def restore(journal: Journal) -> None:
    """Bring back rows, streams and positions, once the tables themselves are there."""
    tables = {scope_of(*key): table for key, table in dynamodb._tables.all_items()}
    filled = {scope for scope, table in tables.items() if table["items"]}
    for scope, key, item in journal.read("row"):
        if scope in tables and scope not in filled:
            pk, sk = json.loads(key)
            tables[scope]["items"][pk][sk] = item
    for scope, table in tables.items():
        dynamodb._items_replaced(table)
        if scope not in filled:
            _tables[scope] = table["items"]
    # Rows of tables that are not there are dropped with the first batch.
    for scope in journal.scopes("row") - tables.keys():
        _tables[scope] = None
    restore_streams(journal)


def restore_streams(journal: Journal) -> None:
    """Bring back unread records and positions."""
    found: dict[str, list[dict]] = {}
    for scope, key, value in journal.read("record"):
        if key == END:
            _ends[scope] = value
        else:
            found.setdefault(scope, []).append(value)
    for scope, end in _ends.items():
        records = found.get(scope, [])
        dynamodb._stream_records.set_scoped(*scope.split("\n", 2), records)
        dynamodb._stream_trimmed.set_scoped(*scope.split("\n", 2), end - len(records))
    for scope, key, reached in journal.read("position"):
        _positions[scope, key] = reached
        account, region, _ = scope.split("\n", 2)
        lambda_svc._dynamodb_stream_positions.set_scoped(account, region, key, reached)
