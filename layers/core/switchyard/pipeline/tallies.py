"""Counts of goals and projects, brought up to date once for a batch of records: one write for many tasks."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from switchyard.aws.errors import ApiError, Unreachable
from switchyard.aws.sending import Outcome
from switchyard.domain.errors import Busy
from switchyard.domain.structs import Struct
from switchyard.domain.tracks import Track
from switchyard.store.table import Table

#: What one count may fail with while the others go on: the table, or a row that can not be read.
_FAILURES = (ApiError, Unreachable, Busy, LookupError, TypeError, ValueError)


class Tally(Struct):
    """Takes tasks to be counted, each with what it is counted in (batches.Outbox): a tenant's id, or with a goal's.

    `count` takes the table, these, and all tasks that have them in common. `end` is a time.monotonic() value: the table
    has until then.
    """

    table: Table
    end: float
    count: Callable[..., Any]

    def send(self, entries: Sequence[tuple[tuple[str, ...], Track]]) -> Outcome:
        """Count all, one after the other; returns for each what it failed with, or None."""
        self.table.deadline = self.end
        places: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, (where, _) in enumerate(entries):
            places[where].append(place)
        outcome: Outcome = [None] * len(entries)
        for where, mine in places.items():
            try:
                self.count(self.table, *where, [entries[place][1] for place in mine])
            except _FAILURES as error:
                for place in mine:
                    outcome[place] = error
        return outcome
