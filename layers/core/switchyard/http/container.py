"""What a container keeps from one request to the next: the table, and the tokens that it has read."""

from switchyard.http import auth
from switchyard.store.table import Table

_table: Table | None = None


def shared_table() -> Table:
    """Return the container's table, made on first use."""
    global _table
    if _table is None:
        _table = Table.from_environment()
    return _table


def use_table(table: Table | None) -> None:
    """Put another table in place of the container's (tests and benchmarks)."""
    global _table
    _table = table
    auth.forget_all()
