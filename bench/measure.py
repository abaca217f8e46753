"""Runs the variants in turn, A B C A B C …, and relates each round's figures to the floor's of the same round."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

SCENARIOS = ("create", "create_keyed", "get", "list")
REQUESTS = {"create": 400, "create_keyed": 300, "get": 400, "list": 60}


@dataclass(frozen=True, slots=True)
class Figure:
    """Medians over the rounds: microseconds of CPU per request, and ratios of the same round."""

    scenario: str
    microseconds: Mapping[str, float]
    to_floor: float
    to_peer: float | None


def measure(
    scenario: str, cold: bool, rounds: int, environment: Mapping[str, str], report: Callable[[str], None]
) -> Figure:
    """Measure one scenario, warm or cold. A keyed create has no peer: FastAPI brings no idempotency."""
    variants = ["switchyard", "floor"] + ([] if scenario == "create_keyed" else ["fastapi"])
    taken: dict[str, list[float]] = {variant: [] for variant in variants}
    for number in range(rounds):
        report(f"{'cold' if cold else 'warm'} {scenario}: round {number + 1} of {rounds}")
        for variant in variants:
            taken[variant].append(_run(variant, scenario, 0 if cold else REQUESTS[scenario], environment))
    ours, floor, peer = taken["switchyard"], taken["floor"], taken.get("fastapi")
    return Figure(
        f"{'cold start, ' if cold else ''}{scenario}",
        {variant: statistics.median(values) for variant, values in taken.items()},
        statistics.median(a / b for a, b in zip(ours, floor, strict=True)),
        statistics.median(a / b for a, b in zip(ours, peer, strict=True)) if peer else None,
    )


def _run(variant: str, scenario: str, requests: int, environment: Mapping[str, str]) -> float:
    command = [sys.executable, "-m", "bench.worker", variant, scenario, str(requests)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{variant} {scenario} failed:\n{done.stderr[-2000:]}")
    return float(done.stdout)
