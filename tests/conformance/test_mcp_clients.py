"""Published MCP clients hold the same conversation and come to the same result."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from switchyard.mcp.tools import TOOLS
from tests.conformance import environments
from tests.conformance.environments import CLIENTS


def mcp_1() -> list[Path]:
    return [environments.python_of("mcp1"), CLIENTS / "mcp_v1.py"]


def mcp_2() -> list[Path]:
    return [environments.python_of("mcp2"), CLIENTS / "mcp_v2.py"]


def langchain() -> list[Path]:
    return [environments.python_of("mcp1"), CLIENTS / "langchain.py"]


def sdk() -> list[Path]:
    node, folder = environments.node()
    return [node, folder / "sdk.mjs"]


@pytest.mark.parametrize(
    ("client", "revision"),
    [(mcp_1, "2025-11-25"), (mcp_2, "2026-07-28"), (langchain, None), (sdk, None)],
    ids=["mcp-1", "mcp-2", "langchain", "typescript-sdk"],
)
def test_a_published_client_works_through_the_tools(stack: dict[str, Any], client: Any, revision: str | None) -> None:
    command = [*client(), stack["mcp_url"], stack["tokens"]["agent"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    # It learned every tool, in the newest revision that it knows.
    assert said["tools"] == list(TOOLS)
    assert said.get("revision") == revision
    # It created one task, though it asked twice, and completed it.
    task = said["created"]["task"]
    assert said["again"] == said["created"]
    assert (task["status"], task["source"]) == ("open", "mcp")
    completed = said["completed"]["task"]
    assert (completed["id"], completed["status"], completed["completed_note"]) == (task["id"], "completed", "Done")
    assert said["listed"].count(task["id"]) == 1
    # And it was told, in words that a model reads, what it may not do.
    assert said["refused"]["isError"] is True
    assert json.loads(said["refused"]["text"])["error"]["code"] == "resource_not_found"
