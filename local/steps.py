"""Show each step with its time, and say clearly what failed and what to do next."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class StepFailed(Exception):
    """A step could not be done: `output` is what its command printed last, `hint` what to try next."""

    def __init__(self, message: str, output: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.output = output
        self.hint = hint


@contextmanager
def step(label: str) -> Iterator[None]:
    """Print the label, and the seconds that the block took."""
    print(f"  {label} ".ljust(58, "."), end=" ", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print("FAILED", flush=True)
        raise
    print(f"{time.monotonic() - started:5.1f} s", flush=True)


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Let one process at a time do this; the others wait."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(
    command: list[str | Path],
    what: str,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    hint: str = "",
) -> str:
    """Run a command to its end with its output in `log`; StepFailed with the last lines when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(
        [str(part) for part in command],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    log.write_text(result.stdout, encoding="utf-8")
    if result.returncode != 0:
        raise StepFailed(f"{what} ended with status {result.returncode}", result.stdout, hint or f"see {log}")
    return result.stdout


def report(failure: StepFailed) -> None:
    """Tell a person what failed, what it printed last and what to do next."""
    print(f"\n{failure}", file=sys.stderr)
    for line in failure.output.rstrip().splitlines()[-25:]:
        print(f"  | {line}", file=sys.stderr)
    if failure.hint:
        print(f"next: {failure.hint}", file=sys.stderr)
