"""The bus: the files that a new run took are kept as long as the run's own."""

from functools import cache
from typing import Any

from switchyard.aws import objects
from switchyard.pipeline import files
from switchyard.store.table import Table


@cache
def _table() -> Table:
    return Table.from_environment()


def handler(event: dict[str, Any], context: Any) -> None:
    """Tag the staged files of one run anew."""
    table = _table()
    table.give(context.get_remaining_time_in_millis())
    files.keep(table, objects.shared(table.deadline), event)
