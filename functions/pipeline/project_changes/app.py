"""The table's stream: audit trail, reverse edges, goals' counts, detachment of deleted tracks, domain events."""

from functools import cache
from typing import Any

from switchyard.pipeline.projection import Projector


@cache
def _projector() -> Projector:
    return Projector.from_environment()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Carry a batch of records to everything that follows from them; answer with those to deliver again."""
    return _projector().consume(event, context.get_remaining_time_in_millis())
