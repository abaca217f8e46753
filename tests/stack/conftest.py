"""This ring runs over HTTP against an isolated local stack."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from switchyard.aws.clients import adopt, make_client
from switchyard.aws.objects import ObjectStore
from switchyard.domain.ids import new_id
from switchyard.http.container import use_table
from switchyard.store.table import Table
from tests.support import world
from tests.support.stack import aws, outputs, stack
from tests.support.tokens import issue

__all__ = ["aws", "outputs", "stack"]


@pytest.fixture(scope="module")
def deployed(outputs: dict[str, str], database: Any) -> Table:
    """The table of the deployed stack."""
    return Table(outputs["TableName"], database)


@pytest.fixture(scope="module")
def new_world(outputs: dict[str, str], aws: Any) -> Callable[..., tuple[str, str]]:
    """Makes a tenant with what the sample events speak of; returns it and a token there.

    `new_world(code, feed)` gives the secrets that stand for those of the samples.
    """
    table = Table(outputs["TableName"], adopt(aws("dynamodb")))
    bucket = ObjectStore(outputs["ArtifactsBucket"], aws("s3"))

    def make(*secrets: str) -> tuple[str, str]:
        tenant = new_id()
        world.build(table, tenant, *secrets)
        world.build_files(bucket, tenant)
        return tenant, issue(table, tenant)

    return make


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
