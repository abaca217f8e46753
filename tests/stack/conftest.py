"""This ring runs over HTTP against an isolated local stack."""

from tests.support.stack import aws, stack

__all__ = ["aws", "stack"]
