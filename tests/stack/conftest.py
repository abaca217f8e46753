"""One isolated local stack for all tests of this ring: the deployed template over real HTTP."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local import process, run
from local.stack import LOCAL, choose, folder_of


def sweep_leftovers() -> None:
    """Delete what a test run left behind that was killed (its emulator ends by itself)."""
    for folder in LOCAL.glob("test-*"):
        if process.pid_of(folder.name) is None and not process.is_alive(int(folder.name.split("-")[1])):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stack() -> Iterator[dict[str, Any]]:
    """The content of stack.json for a stack of this test run alone; `aws` in it are arguments for boto3.client.

    With SWITCHYARD_STACK=path/to/stack.json the tests run against that stack, which saves its start.
    """
    given = os.environ.get("SWITCHYARD_STACK")
    if given:
        yield json.loads(Path(given).read_text(encoding="utf-8"))
        return
    sweep_leftovers()
    name = f"test-{os.getpid()}"
    try:
        yield run.start(choose(name, keep_data=False))
    finally:
        process.stop(name)
        shutil.rmtree(folder_of(name), ignore_errors=True)


@pytest.fixture(scope="session")
def aws(stack: dict[str, Any]) -> Any:
    """A client of the emulated AWS: `aws("dynamodb")`."""
    return lambda service: boto3.client(service, **stack["aws"])
