"""What a container keeps from one request to the next: the table, and the tokens that it has read."""

import os

from switchyard.http import auth
from switchyard.store.table import Table

_table: Table | None = None


def shared_table() -> Table:
    """Return the container's table, made on first use."""
    global _table
    if _table is None:
        _table = Table.from_environment()
    return _table


def prepare() -> None:
    """Set up in Lambda what the first request would have to: the client, and the certificates.

    A container that starts has a whole processor, a request a part of one
    (https://docs.aws.amazon.com/lambda/latest/operatorguide/static-initialization.html).
    """
    # Set by Lambda alone: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:
        shared_table()


def use_table(table: Table | None) -> None:
    """Put another table in place of the container's (tests and benchmarks)."""
    global _table
    _table = table
    auth.forget_all()
