"""A schedule: runs and goal runs whose execution is gone are mended."""

from functools import cache
from typing import Any

from switchyard.aws.executions import Executions
from switchyard.pipeline.reconciler import reconcile
from switchyard.store.table import Table


@cache
def _table() -> Table:
    return Table.from_environment()


@cache
def _executions() -> Executions:
    return Executions.of_runs()


@cache
def _of_goals() -> Executions:
    return Executions.of_goal_runs()


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Look after the active runs and goal runs that are older than `age` seconds; answer with what was done."""
    left = context.get_remaining_time_in_millis()
    return reconcile(_table(), _executions(), _of_goals(), left, event["age"], context.aws_request_id)
