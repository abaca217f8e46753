"""Rows, unread stream records and executions in a SQLite file, written as they change.

A file of all rows takes longer the more rows there are, and requests wait for it; here only what changed is written,
a few times a second, in one transaction: what is found after a kill is a state that there was. The kinds of entries:

- `row`: a row of a table, by the keys that MiniStack has it under;
- `record`: a record of a table's stream that some mapping has still to read, by its position, and the stream's `end`;
- `position`: where a mapping is in its stream. It lags behind, see saving.py;
- `execution`: an execution of a state machine.
"""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

logger = logging.getLogger("switchyard.journal")

# WAL and NORMAL: a killed process loses no transaction, a machine without power at most the last ones.
SETUP = """
pragma journal_mode = wal;
pragma synchronous = normal;
create table if not exists entries (kind text, scope text, key text, value text, primary key (kind, scope, key));
"""
PUT = "insert into entries values (?, ?, ?, ?) on conflict do update set value = excluded.value"
DROP = "delete from entries where kind = ? and scope = ? and key = ?"
CLEAR = "delete from entries where kind = ? and scope = ?"
DROP_READ = "delete from entries where kind = 'record' and scope = ? and key < ?"


@dataclass
class Batch:
    """What is written in one transaction, in the order of the fields."""

    # Kinds and scopes to forget.
    cleared: list[tuple[str, str]] = field(default_factory=list)
    # Kind, scope, key and value; None takes an entry out.
    entries: list[tuple[str, str, str, Any]] = field(default_factory=list)
    # Scope of a stream, and the key before which every record is read.
    read: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.cleared or self.entries or self.read)


class Journal:
    """The file. Batches are written in the order in which they come, by one thread."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._connection.executescript(SETUP)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="journal")

    def read(self, kind: str) -> Iterator[tuple[str, str, Any]]:
        """Scope, key and value of all entries of a kind, in the order of scope and key."""
        query = "select scope, key, value from entries where kind = ? order by scope, key"
        for scope, key, value in self._connection.execute(query, (kind,)):
            yield scope, key, json.loads(value)

    def scopes(self, kind: str) -> set[str]:
        """The scopes that have entries of a kind."""
        return {
            scope for (scope,) in self._connection.execute("select distinct scope from entries where kind = ?", (kind,))
        }

    def write(self, batch: Batch, on_failure: Callable[[], None]) -> Future[bool]:
        """Write a batch in the background; whether it was written, and was not empty."""
        return self._writer.submit(self._write, batch, on_failure)

    def _write(self, batch: Batch, on_failure: Callable[[], None]) -> bool:
        if not batch:
            return False
        put, drop = [], []
        for kind, scope, key, value in batch.entries:
            if value is None:
                drop.append((kind, scope, key))
            else:
                put.append((kind, scope, key, json.dumps(value)))
        try:
            self._connection.execute("begin")
            self._connection.executemany(CLEAR, batch.cleared)
            self._connection.executemany(PUT, put)
            self._connection.executemany(DROP, drop)
            self._connection.executemany(DROP_READ, batch.read)
            self._connection.execute("commit")
        except sqlite3.Error:
            logger.exception("nothing could be saved; all of it is written again")
            on_failure()
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            return False
        return True

    def close(self) -> None:
        """Write what is still to be written, and close the file."""
        self._writer.shutdown()
        self._connection.close()
