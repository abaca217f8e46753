"""The bus: one delivery for each endpoint that wants the event."""

from functools import cache
from typing import Any

from switchyard.pipeline import webhooks
from switchyard.store.table import Table
from switchyard.surfaces.pool.payloads import payload


@cache
def _table() -> Table:
    return Table.from_environment()


def handler(event: dict[str, Any], context: Any) -> None:
    """Plan the deliveries of one domain event."""
    table = _table()
    table.give(context.get_remaining_time_in_millis())
    webhooks.dispatch(table, event, payload)
