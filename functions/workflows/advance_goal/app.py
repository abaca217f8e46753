"""The step of goal_run: a round over the goal's tasks."""

from functools import cache
from typing import Any

from switchyard.aws.executions import Executions
from switchyard.pipeline import goal_rounds
from switchyard.store.table import Table


@cache
def _table() -> Table:
    return Table.from_environment()


@cache
def _executions() -> Executions:
    return Executions.of_goal_runs()


def handler(event: dict[str, Any], context: Any) -> None:
    """Start what is ready; the step waits until something changes, or is over."""
    left = context.get_remaining_time_in_millis()
    _table().give(left)
    _executions().give(left)
    goal_rounds.advance(_table(), _executions(), event, context.aws_request_id)
