"""Which table the operator's command line works on."""

import os

from switchyard.aws.clients import make_client
from switchyard.aws.errors import ApiError

#: The CloudFormation stack whose table it is where nothing else is said.
STACK = "switchyard"


class NoTable(Exception):
    """The table could not be found; the text says what to try."""


def name(table: str | None, stack: str | None) -> str:
    """Return the table that is named, else that of TABLE_NAME in the environment, else a stack's; raises NoTable."""
    if table:
        return table
    if not stack and "TABLE_NAME" in os.environ:
        return os.environ["TABLE_NAME"]
    stack = stack or STACK
    try:
        (found,) = make_client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ApiError as error:
        if error.code != "ValidationError":
            raise
        raise NoTable(f"there is no CloudFormation stack {stack!r} in this account and region") from None
    for output in found.get("Outputs", ()):
        if output["OutputKey"] == "TableName":
            return str(output["OutputValue"])
    raise NoTable(f"the CloudFormation stack {stack!r} has no output TableName")
