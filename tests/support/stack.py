"""One isolated local stack for a whole test run: the deployed template over real HTTP.

A ring of tests gets it by importing the fixtures in its conftest.py; there is one stack however many do.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import process, run
from local.stack import LOCAL, STACK_NAME, choose, folder_of

RECORD = pytest.StashKey[dict[str, Any]]()


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The content of stack.json for a stack of this test run alone; `aws` in it are arguments for boto3.client.

    With SWITCHYARD_STACK=path/to/stack.json the tests run against that stack, which saves its start.
    """
    if RECORD not in request.config.stash:
        request.config.stash[RECORD] = given() or start(request.config, f"test-{os.getpid()}")
    return request.config.stash[RECORD]


@pytest.fixture(scope="session")
def aws(stack: dict[str, Any]) -> Any:
    """A client of the emulated AWS: `aws("dynamodb")`."""
    return clients(stack)


@pytest.fixture(scope="session")
def outputs(aws: Any) -> dict[str, str]:
    """The outputs of the deployed stack: names and ARNs of what tests look at."""
    (deployed,) = aws("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in deployed["Outputs"]}


def clients(stack: dict[str, Any]) -> Any:
    """What makes clients of a stack's emulated AWS."""
    return lambda service: boto3.client(service, **stack["aws"])


def given() -> dict[str, Any] | None:
    """The record of the stack that SWITCHYARD_STACK names."""
    path = os.environ.get("SWITCHYARD_STACK")
    return json.loads(Path(path).read_text(encoding="utf-8")) if path else None


def start(config: pytest.Config, name: str) -> dict[str, Any]:
    """Start a stack that ends with the test run, however that ends; `name` is `test-PID`, or begins so."""
    sweep_leftovers()
    config.add_cleanup(lambda: remove(name))
    return run.start(choose(name, keep_data=False))


def remove(name: str) -> None:
    """Stop a stack and delete its data."""
    process.stop(name)
    shutil.rmtree(folder_of(name), ignore_errors=True)


def sweep_leftovers() -> None:
    """Delete what a test run left behind that was killed (its emulator ends on its own)."""
    for folder in LOCAL.glob("test-*"):
        if process.pid_of(folder.name) is None and not process.is_alive(int(folder.name.split("-")[1])):
            shutil.rmtree(folder, ignore_errors=True)
