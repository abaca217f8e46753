"""The local stack's journal: what is found in it after any end is a state that there was."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.emulator.journal import Batch, Journal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite3"


@pytest.fixture
def journal(file: Path) -> Iterator[Journal]:
    opened = Journal(file)
    yield opened
    opened.close()


def no_failure() -> None:
    raise AssertionError("the batch could not be written")


def test_entries_replace_and_drop_earlier_ones_in_order(journal: Journal) -> None:
    journal.write(Batch(entries=[("row", "t", "a", {"n": 1}), ("row", "t", "b", {"n": 2})]), no_failure)
    journal.write(Batch(entries=[("row", "t", "a", {"n": 3}), ("row", "t", "b", None)]), no_failure).result()
    assert list(journal.read("row")) == [("t", "a", {"n": 3})]


def test_a_cleared_scope_holds_what_comes_with_the_same_batch(journal: Journal) -> None:
    journal.write(Batch(entries=[("row", "t", "old", 1), ("row", "other", "old", 1)]), no_failure)
    journal.write(Batch(cleared=[("row", "t")], entries=[("row", "t", "new", 2)]), no_failure).result()
    assert list(journal.read("row")) == [("other", "old", 1), ("t", "new", 2)]


def test_read_records_go_and_the_end_of_the_stream_stays(journal: Journal) -> None:
    places = [f"{n:020d}" for n in range(12)]
    journal.write(
        Batch(entries=[("record", "t", each, each) for each in places] + [("record", "t", "end", 12)]), no_failure
    )
    journal.write(Batch(read=[("t", places[10])]), no_failure).result()
    assert [key for _, key, _ in journal.read("record")] == [*places[10:], "end"]


def test_text_that_is_not_unicode_survives(journal: Journal) -> None:
    journal.write(Batch(entries=[("row", "t", "a", {"S": "\ud800\0\uffff😀"})]), no_failure).result()
    assert list(journal.read("row")) == [("t", "a", {"S": "\ud800\0\uffff😀"})]


def test_what_was_written_is_there_when_another_process_opens_the_file(journal: Journal, file: Path) -> None:
    journal.write(Batch(entries=[("row", "t", "a", 1)]), no_failure).result()
    other = Journal(file)
    assert list(other.read("row")) == [("t", "a", 1)]
    other.close()


def test_a_batch_that_fails_leaves_nothing_and_is_reported(journal: Journal, file: Path) -> None:
    told = []
    with sqlite3.connect(file) as elsewhere:
        elsewhere.execute(
            "create trigger full before insert on entries when new.key = 'b' begin select raise(abort, 'full'); end"
        )
    batch = Batch(entries=[("row", "t", "a", 1), ("row", "t", "b", 2)])
    assert journal.write(batch, lambda: told.append(True)).result() is False
    assert told == [True]
    assert list(journal.read("row")) == []
