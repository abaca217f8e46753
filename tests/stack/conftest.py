"""This ring runs over HTTP against an isolated local stack."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from switchyard.aws.clients import make_client
from switchyard.http.container import use_table
from tests.support.stack import aws, stack

__all__ = ["aws", "stack"]


@pytest.fixture(scope="module")
def database(stack: dict[str, Any]) -> Iterator[Any]:
    """The stack's DynamoDB as the package itself talks to it, for handlers run in this process."""
    before = os.environ.get("AWS_ENDPOINT_URL")
    os.environ["AWS_ENDPOINT_URL"] = stack["aws"]["endpoint_url"]
    yield make_client("dynamodb")
    use_table(None)
    os.environ.pop("AWS_ENDPOINT_URL")
    if before:
        os.environ["AWS_ENDPOINT_URL"] = before
