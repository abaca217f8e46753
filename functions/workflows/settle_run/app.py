"""A step of task_run: a step before it failed or took too long."""

from functools import cache
from typing import Any

from switchyard.pipeline import workflow
from switchyard.store.table import Table


@cache
def _table() -> Table:
    return Table.from_environment()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Bring the run to its end, unless the failure was overtaken; answer with the word of the run."""
    table = _table()
    table.give(context.get_remaining_time_in_millis())
    return workflow.end(table, event, context.aws_request_id)
