"""How many runs a second the reference worker claims, carries out and completes."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from typing import Any

from bench.variants import ROOT

RUNS = 24
PARALLEL = 4
SECONDS_MAX = 180
_FINAL = ("completed", "failed", "cancelled")


def cycles_a_second(record: dict[str, Any]) -> float:
    """Start RUNS runs, then a worker that does PARALLEL at a time; its command does nothing."""
    runs = [_started(record, number) for number in range(RUNS)]
    _until(lambda: all(_shown(record, run)["status"] == "queued" for run in runs))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "client"),
        "SWITCHYARD_URL": record["url"],
        "SWITCHYARD_TOKEN": record["tokens"]["agent"],
    }
    command = [sys.executable, "-m", "switchyard_client.worker", "--exec", "true", "--max-parallel", str(PARALLEL)]
    worker = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started = time.perf_counter()
    try:
        _until(lambda: all(_shown(record, run)["status"] in _FINAL for run in reversed(runs)))
        elapsed = time.perf_counter() - started
    finally:
        worker.terminate()
        worker.wait()
    ends = {_shown(record, run)["status"] for run in runs}
    if ends != {"completed"}:
        raise SystemExit(f"runs ended {ends}")
    return RUNS / elapsed


def _started(record: dict[str, Any], number: int) -> str:
    task = _asked(record, "POST", "/api/projects/@current/tasks", {"title": f"Cycle {number}"})
    shown = _asked(record, "POST", f"/api/projects/@current/tasks/{task['id']}/run", {})
    return f"/api/projects/-/tasks/{task['id']}/runs/{shown['latest_run']['id']}"


def _shown(record: dict[str, Any], run: str) -> Any:
    return _asked(record, "GET", run)


def _asked(record: dict[str, Any], method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {record['tokens']['admin']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(record["url"] + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def _until(is_so: Any) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"the worker's runs take more than {SECONDS_MAX} s")
        time.sleep(0.1)
