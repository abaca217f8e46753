"""The table's stream: audit trail, reverse edges, goals' counts, detachment of deleted tracks, domain events."""

from switchyard.pipeline import batches
from switchyard.pipeline.batches import Outbox, Record
from switchyard.pipeline.consumer import Invocation, consumer
from switchyard.pipeline.projection import Projector


@consumer("pipeline.project_changes", batches.stream, reserve=9)
def handler(invocation: Invocation, record: Record, outbox: Outbox) -> None:
    """Update everything that is derived from a record."""
    Projector(invocation.table, invocation.bus, invocation.end, outbox).take(record)
