"""A step of task_run: the run is under way."""

from functools import cache
from typing import Any

from switchyard.pipeline import workflow
from switchyard.store.table import Table


@cache
def _table() -> Table:
    return Table.from_environment()


def handler(event: dict[str, Any], context: Any) -> None:
    """Wait for the run's end."""
    table = _table()
    table.give(context.get_remaining_time_in_millis())
    workflow.watch(table, event, context.aws_request_id)
