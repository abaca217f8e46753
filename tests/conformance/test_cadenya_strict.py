"""PyPI cadenya 1.0.1, unmodified: it raises on every answer that lacks a field which its models require."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conformance.environments import python_of

PROGRAM = Path(__file__).with_name("cadenya_strict_program.py")


@pytest.fixture(scope="module")
def strict_python() -> Path:
    return python_of("clients1")


def told(python: Path, environment: dict[str, str], stack: dict[str, Any], *more: str) -> dict[str, Any]:
    arguments = [stack["url"], stack["tokens"]["agent"], stack["workspace_id"], *more]
    ran = subprocess.run(
        [str(python), "-I", str(PROGRAM), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_objectives_are_created_read_listed_continued_and_cancelled(
    stack: dict[str, Any], strict_python: Path, clients_environment: dict[str, str]
) -> None:
    seen = told(strict_python, clients_environment, stack)
    assert seen["found"] == seen["made"]
    assert seen["made"]["config_snapshot"]["agent"]["metadata"]["id"] == "agent_otto"
    assert seen["made"]["metadata"]["id"] in seen["listed"]
    assert all(seen["created_by"])
    assert (seen["tasks"], seen["cancelled"], seen["refused"]) == ([], "STATE_CANCELLED", [404, 5])


def test_tasks_come_over_several_pages(
    stack: dict[str, Any], strict_python: Path, clients_environment: dict[str, str]
) -> None:
    headers = {"authorization": f"Bearer {stack['tokens']['agent']}"}
    with httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False) as http:
        path = f"/v1/workspaces/{stack['workspace_id']}/objectives"
        of = http.post(path, json={"agentId": "agent_otto", "systemPromptData": {}}).json()["metadata"]["id"]
        for number in range(1, 4):
            body = {"task": f"Task {number}", "completed": number == 1}
            assert http.post(f"{path}/{of}/tasks", json=body).status_code == 200
    seen = told(strict_python, clients_environment, stack, of)
    assert seen["listed"] == [[1, "Task 1", True], [2, "Task 2", False], [3, "Task 3", False]]
    assert seen["found"] == "Task 1"
