"""A step of task_run: the run is offered to agents."""

from functools import cache
from typing import Any

from switchyard.pipeline import workflow
from switchyard.store.table import Table


@cache
def _table() -> Table:
    return Table.from_environment()


def handler(event: dict[str, Any], context: Any) -> None:
    """Offer the run; the step waits until an agent picks it up, or the run ends."""
    table = _table()
    table.give(context.get_remaining_time_in_millis())
    workflow.dispatch(table, event, context.aws_request_id)
