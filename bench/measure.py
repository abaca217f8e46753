"""Runs the variants in turn, A B C A B C …, and relates each round's figures to the floor's of the same round."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

#: Where the compiled files of all variants are kept, whatever the environment says of such files.
_COMPILED = Path(__file__).parent.parent / ".local" / "bench" / "compiled"
#: Requests of each warm measurement.
REQUESTS = {"create": 400, "create_keyed": 300, "get": 400, "list": 60, "mcp": 400, "run": 100}
#: What the peer has: FastAPI brings no idempotency, no MCP and no runs.
_PEER = ("create", "get", "list")


@dataclass(frozen=True, slots=True)
class Row:
    """What is measured: one scenario, warm or cold, and how much of the floor's CPU it may take."""

    scenario: str
    cold: bool
    budget: float

    @property
    def name(self) -> str:
        return f"cold start, {self.scenario}" if self.cold else self.scenario


@dataclass(frozen=True, slots=True)
class Figure:
    """Medians over the rounds: microseconds of CPU per request, megabytes in memory, and ratios of the same round."""

    row: Row
    microseconds: Mapping[str, float]
    megabytes: Mapping[str, float]
    to_floor: float
    to_peer: float | None


def measure(row: Row, rounds: int, environment: Mapping[str, str], report: Callable[[str], None]) -> Figure:
    """Measure one row."""
    variants = ["switchyard", "floor"] + (["fastapi"] if row.scenario in _PEER else [])
    taken: dict[str, list[tuple[float, float]]] = {variant: [] for variant in variants}
    for variant in variants if row.cold else ():
        # Compiles what is imported: the layer has compiled files, and so has the boto3 of Lambda's runtime.
        _run(variant, row.scenario, 0, environment)
    for number in range(rounds):
        report(f"{row.name}: round {number + 1} of {rounds}")
        for variant in variants:
            requests = 0 if row.cold else REQUESTS[row.scenario]
            taken[variant].append(_run(variant, row.scenario, requests, environment))
    return Figure(
        row,
        {variant: statistics.median(cpu for cpu, _ in values) for variant, values in taken.items()},
        {variant: statistics.median(kilobytes for _, kilobytes in values) / 1024 for variant, values in taken.items()},
        _ratio(taken["switchyard"], taken["floor"]),
        _ratio(taken["switchyard"], taken["fastapi"]) if "fastapi" in taken else None,
    )


def _ratio(ours: list[tuple[float, float]], others: list[tuple[float, float]]) -> float:
    return statistics.median(a / b for (a, _), (b, _) in zip(ours, others, strict=True))


def _run(variant: str, scenario: str, requests: int, environment: Mapping[str, str]) -> tuple[float, float]:
    command = [sys.executable, "-m", "bench.worker", variant, scenario, str(requests)]
    compiled = {"PYTHONPYCACHEPREFIX": str(_COMPILED), "PYTHONDONTWRITEBYTECODE": ""}
    everything = {**os.environ, **environment, **compiled}
    done = subprocess.run(command, env=everything, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{variant} {scenario} failed:\n{done.stderr[-2000:]}")
    cpu, kilobytes = done.stdout.split()
    return float(cpu), float(kilobytes)
