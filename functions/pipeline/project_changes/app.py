"""The table's stream: audit trail, reverse edges, goals' counts, detachment of deleted tracks, domain events."""

from switchyard.pipeline import batches
from switchyard.pipeline.batches import Outbox, Record
from switchyard.pipeline.consumer import Invocation, consumer
from switchyard.pipeline.projection import Projector
from switchyard.pipeline.tallies import GoalCounts


@consumer("pipeline.project_changes", batches.stream, reserve=9)
def handler(invocation: Invocation, record: Record, outbox: Outbox) -> None:
    """Update everything that is derived from a record."""
    goals = GoalCounts(invocation.table, invocation.end)
    Projector(invocation.table, invocation.bus, goals, outbox).take(record)
