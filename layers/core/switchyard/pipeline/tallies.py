"""Goals' counts, brought up to date once for a batch of records: a goal of many tasks is written once, not for each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from switchyard.aws.errors import ApiError, Unreachable
from switchyard.aws.sending import Outcome
from switchyard.domain.errors import Busy
from switchyard.domain.tracks import Track
from switchyard.store import edges
from switchyard.store.table import Table

#: What one goal may fail with while the others go on: the table, or a row that can not be read.
_FAILURES = (ApiError, Unreachable, Busy, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class GoalCounts:
    """Takes pairs of a goal's id and a task that entered it, left it, or stands otherwise in it (batches.Outbox).

    `end` is a time.monotonic() value: the table has until then.
    """

    table: Table
    end: float

    def send(self, entries: Sequence[tuple[str, Track]]) -> Outcome:
        """Count all, one goal after the other; returns for each what it failed with, or None."""
        self.table.deadline = self.end
        places: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, (goal_id, task) in enumerate(entries):
            places[task.tenant_id, goal_id].append(place)
        outcome: Outcome = [None] * len(entries)
        for (tenant_id, goal_id), mine in places.items():
            try:
                edges.count(self.table, tenant_id, goal_id, [entries[place][1] for place in mine])
            except _FAILURES as error:
                for place in mine:
                    outcome[place] = error
        return outcome
