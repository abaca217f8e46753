"""The published agent client of the projects contract works on runs, unmodified."""

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conformance import environments

TASKS = "/api/projects/1/tasks/"


@pytest.fixture
def http(stack: dict[str, Any]) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    with httpx.Client(base_url=stack["url"], headers=headers, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def task(http: httpx.Client) -> Any:
    """A task with a run."""
    made = http.post(TASKS, json={"title": "Fix login", "repository": "acme/web"}).raise_for_status().json()
    return http.post(f"{TASKS}{made['id']}/run/", json={}).raise_for_status().json()


def said_by(program: str, stack: dict[str, Any], task: Any) -> Any:
    """Run one of the programs under clients/agent; returns what it printed."""
    node, folder = environments.node("agent")
    place = ["1", task["id"], task["latest_run"]["id"]]
    command = [node, folder / program, stack["url"], stack["tokens"]["agent"], *place]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_it_carries_out_a_run(stack: dict[str, Any], http: httpx.Client, task: Any) -> None:
    said = said_by("work.mjs", stack, task)
    run = task["latest_run"]
    assert (said["task"]["id"], said["task"]["latest_run"]["id"]) == (task["id"], run["id"])
    assert (said["run"]["id"], said["run"]["task"], said["run"]["status"]) == (run["id"], task["id"], "queued")
    started = said["started"]
    assert (started["status"], started["stage"], started["branch"]) == ("in_progress", "build", "fix/login")
    assert [each["notification"]["params"]["message"] for each in said["logs"]] == ["Step 1", "Step 2", "Step 3"]
    assert said["output"]["output"] == {"pr_url": "https://example.com/pr/1"}
    assert said["output"]["state"]["sandbox_url"] == "https://sandbox.example"
    assert (said["completed"]["status"], said["completed"]["completed_at"] is not None) == ("completed", True)
    assert "[404]" in said["unknown"]
    assert "Not found." in said["unknown"]
    # And the task is done for everyone.
    deadline = time.monotonic() + 30
    while http.get(f"/v1/tracks/{task['id']}").raise_for_status().json()["task"]["status"] != "done":
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_it_hands_in_files_and_fetches_them(stack: dict[str, Any], task: Any) -> None:
    said = said_by("files.mjs", stack, task)
    # Small ones within a request, others straight to the bucket.
    assert [each["name"] for each in said["uploaded"]] == ["plan.md", "pixel.bin"]
    assert said["posted"] in (200, 201, 204)
    assert [each["name"] for each in said["finalized"]] == ["notes.txt"]
    assert said["downloaded"] == ["# Plan", "\x00\x01\x02", "Notes with ünicode"]
    assert said["nowhere"] is None
