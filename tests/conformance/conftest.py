"""This ring runs published clients, unmodified, against an isolated local stack."""

from tests.support.stack import aws, stack

__all__ = ["aws", "stack"]
