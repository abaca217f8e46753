"""The deployed stack as the command line sees it: its resources by their logical ids."""

from functools import cache
from typing import Any

from switchyard.aws.clients import make_client
from switchyard.aws.errors import ApiError
from switchyard.domain.errors import NotFound


class Stack:
    """One CloudFormation stack. Raises NotFound for one that is not there, or lacks what is asked for."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cache  # noqa: B019 - one stack for each command
    def resource(self, logical_id: str) -> str:
        """Return the physical id of a resource: of a queue its URL, of a function its name."""
        return self._described("describe_stack_resource", LogicalResourceId=logical_id)["StackResourceDetail"][
            "PhysicalResourceId"
        ]

    @cache  # noqa: B019
    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs."""
        (found,) = self._described("describe_stacks")["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}

    def function(self, logical_id: str) -> str:
        """Return the name of a function."""
        return self.resource(logical_id)

    @cache  # noqa: B019
    def client(self, service: str, read_timeout: int = 30) -> Any:
        """Return a client of a service."""
        return make_client(service, read_timeout=read_timeout)

    def _described(self, call: str, **params: str) -> Any:
        try:
            return getattr(self.client("cloudformation"), call)(StackName=self.name, **params)
        except ApiError as error:
            if error.code != "ValidationError":
                raise
            raise NotFound(f"The CloudFormation stack {self.name!r}: {error}") from None
