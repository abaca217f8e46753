"""What a deployment finds of tables and logs: of the stack's own, and of former installations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.complete import properties_of
from release import stacks
from release.finding import Finding
from release.settings import Settings


def indexes(settings: Settings) -> Iterator[Finding]:
    """An update makes or deletes one index of a table; with more to do it is rolled back, after minutes.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
    """
    if stacks.status(settings) in (None, stacks.EMPTY, *stacks.NEVER_STOOD):
        return
    table = settings.client("cloudformation").describe_stack_resource(
        StackName=settings.stack_name, LogicalResourceId="Table"
    )["StackResourceDetail"]["PhysicalResourceId"]
    there = _defined(settings.client("dynamodb").describe_table(TableName=table)["Table"])
    wanted = _defined(properties_of("AWS::DynamoDB::Table")["Table"])
    made = sorted(name for name in wanted if wanted[name] != there.get(name))
    gone = sorted(name for name in there if there[name] != wanted.get(name))
    if len(made) + len(gone) > 1:
        yield Finding(
            f"table {table}: this release makes the indexes {', '.join(made) or 'none'} and deletes "
            f"{', '.join(gone) or 'none'}; CloudFormation does one an update: docs/administration.md#migration"
        )


def _defined(table: dict[str, Any]) -> dict[str, Any]:
    """What the indexes of a table are, by name."""
    return {
        each["IndexName"]: (
            [(key["AttributeName"], key["KeyType"]) for key in each["KeySchema"]],
            each["Projection"]["ProjectionType"],
            sorted(each["Projection"].get("NonKeyAttributes", ())),
        )
        for each in table.get("GlobalSecondaryIndexes", ())
    }


def table_in_use(settings: Settings) -> Iterator[Finding]:
    """A restored table is no resource of the stack: it has to be there, with its stream, and every index."""
    stream = settings.parameters.get("TableStream", stacks.parameters(settings).get("TableStream", ""))
    if not stream:
        return
    region, name = stream.split(":")[3], stream.split("/")[1]
    if region != settings.region:
        yield Finding(f"table {name}: is in {region}, the stack in {settings.region}")
        return
    try:
        found = settings.client("dynamodb").describe_table(TableName=name)["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        yield Finding(f"table {name}: is not there; SET='TableStream=' goes back to the stack's own")
        return
    if found.get("LatestStreamArn") != stream or not found.get("StreamSpecification", {}).get("StreamEnabled"):
        yield Finding(f"table {name}: that is not its stream; `admin restore` sets one up and prints it")
    there = {each["IndexName"] for each in found.get("GlobalSecondaryIndexes", ())}
    if missing := sorted(_defined(properties_of("AWS::DynamoDB::Table")["Table"]).keys() - there):
        yield Finding(
            f"table {name}: lacks the indexes {', '.join(missing)}; `aws dynamodb update-table` makes one a call"
        )
    yield Finding(f"table {name}: restored from backups, and used in place of the stack's own", stops=False)


def former_table(settings: Settings) -> Iterator[Finding]:
    """A table that a stack left behind is no hindrance, but whoever deploys anew may have expected its rows."""
    if not stacks.is_new(settings):
        return
    names = [
        name
        for page in settings.client("dynamodb").get_paginator("list_tables").paginate()
        for name in page["TableNames"]
        if name.startswith(f"{settings.stack_name}-Table-")
    ]
    for name in names:
        yield Finding(
            f"table {name}: left by a former installation; docs/deploying.md says how to use its rows",
            stops=False,
        )


def former_logs(settings: Settings) -> Iterator[Finding]:
    """What functions still had to log when their stack was deleted makes its log group again, and stops the next one.

    https://github.com/aws/aws-cdk/issues/32689
    """
    if not stacks.is_new(settings):
        return
    client = settings.client("logs")
    for each in properties_of("AWS::Logs::LogGroup").values():
        name = each["LogGroupName"]["Sub"].replace("${Stage}", settings.stage)
        found = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if name in [each["logGroupName"] for each in found]:
            yield Finding(
                f"log group {name}: left by a former installation; `aws logs delete-log-group --log-group-name {name}`"
            )
