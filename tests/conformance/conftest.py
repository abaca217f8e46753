"""This ring runs published clients, unmodified and in an environment of their own, against an isolated local stack."""

import os
from pathlib import Path

import pytest

from tests.conformance.environments import python_of
from tests.support.stack import aws, stack

__all__ = ["aws", "stack"]


@pytest.fixture(scope="session")
def clients_python() -> Path:
    """The interpreter of the environment that holds the published clients, made when it is missing."""
    return python_of("clients")


@pytest.fixture(scope="session")
def clients_environment() -> dict[str, str]:
    """Environment variables for a client program: no setting of this machine's user, and no proxy."""
    return {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PYTHONDONTWRITEBYTECODE": "1"}
