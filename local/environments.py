"""The Python environments of the project, made from the hash-locked files in locks/.

This runs before anything is installed, by whatever Python 3 the machine has: standard library only, and
nothing newer than Python 3.9. Each environment is made once and again only when its lock file changed.

    python3 -m local.environments [dev|sam|ministack ...]
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from local.steps import StepFailed, exclusive, report, run, step

ROOT = Path(__file__).resolve().parent.parent
ENVS = ROOT / ".local" / "envs"
LOGS = ROOT / ".local" / "log"


class Environment(NamedTuple):
    """One virtual environment and the lock file that it is made from."""

    folder: Path
    lock: Path

    @property
    def python(self) -> Path:
        """The interpreter to run things of this environment with."""
        return self.folder / "bin" / "python"


ENVIRONMENTS = {
    # Each of the three pins its own botocore, so they cannot be one.
    "dev": Environment(ROOT / ".venv", ROOT / "locks" / "dev.txt"),
    "sam": Environment(ENVS / "sam", ROOT / "locks" / "sam.txt"),
    "ministack": Environment(ENVS / "ministack", ROOT / "locks" / "local.txt"),
    "checkov": Environment(ENVS / "checkov", ROOT / "locks" / "checkov.txt"),
    "docs": Environment(ENVS / "docs", ROOT / "locks" / "docs.txt"),
}
#: Not made by the set-up, but when they are first needed.
LATER = {"checkov", "docs"}
UV = Environment(ENVS / "uv", ROOT / "locks" / "setup.txt")


def find_python() -> str | None:
    """The path of a CPython 3.13 on this machine (behind a shim or a virtual environment)."""
    question = (
        "import sys; base = getattr(sys, '_base_executable', sys.executable);"
        "print('%d.%d' % sys.version_info[:2], sys.implementation.name, base)"
    )
    for name in (sys.executable, "python3.13", "python3", "python"):
        path = shutil.which(name)
        if path is None:
            continue
        answer = subprocess.run([path, "-c", question], capture_output=True, text=True, check=False)
        words = answer.stdout.split(maxsplit=2)
        if answer.returncode == 0 and words[:2] == ["3.13", "cpython"]:
            return words[2].strip()
    return None


def base_python() -> str:
    """A CPython 3.13: one that is there, or one that uv fetches."""
    found = find_python()
    if found:
        return found
    uv = shutil.which("uv")
    if uv:
        run([uv, "python", "install", "3.13"], "uv python install 3.13", LOGS / "python.log", hint=NO_PYTHON)
        return run([uv, "python", "find", "3.13"], "uv python find 3.13", LOGS / "python.log").strip()
    raise StepFailed("no CPython 3.13 and no uv was found on PATH", hint=NO_PYTHON)


NO_PYTHON = "install Python 3.13 (python3.13 must be on PATH), or uv, which can install it; then run this again"


def uv_path(python: str) -> str:
    """The uv on PATH, or one that is installed into .local."""
    found = shutil.which("uv")
    if found:
        return found
    own = UV.folder / "bin" / "uv"
    if not _is_current(UV, python):
        with step("uv"):
            shutil.rmtree(UV.folder, ignore_errors=True)
            hint = "this Python has no venv or no pip (on Debian: apt-get install python3.13-venv)"
            run([python, "-m", "venv", UV.folder], "making a virtual environment", LOGS / "uv.log", hint=hint)
            run(
                [UV.python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", UV.lock],
                "installing uv",
                LOGS / "uv.log",
                hint="the package index must be reachable for the first setup",
            )
            _mark_current(UV, python)
    return str(own)


def ensure(*names: str) -> None:
    """Make the named environments (all of them when none is named), unless they are there and current."""
    python = base_python()
    with exclusive(ENVS / "lock"):
        _make_stale(
            [(name, ENVIRONMENTS[name]) for name in (names or [each for each in ENVIRONMENTS if each not in LATER])],
            python,
        )


def _make_stale(wanted: list[tuple[str, Environment]], python: str) -> None:
    """Make those that are missing or not current."""
    stale = [(name, each) for name, each in wanted if not _is_current(each, python)]
    if not stale:
        return
    uv = uv_path(python)
    for name, each in stale:
        log = LOGS / (f"setup-{name}.log")
        with step(f"environment {name}"):
            if not each.python.exists():
                run([uv, "venv", "--quiet", "--clear", "--python", python, each.folder], "uv venv", log)
            run(
                [
                    uv,
                    "pip",
                    "sync",
                    "--quiet",
                    "--compile-bytecode",
                    "--python",
                    each.python,
                    "--require-hashes",
                    each.lock,
                ],
                f"installing {each.lock.relative_to(ROOT)}",
                log,
                hint=f"the package index must be reachable; the full output is in {log}",
            )
            if name == "dev":
                _make_importable(each)
            _mark_current(each, python)


def _make_importable(environment: Environment) -> None:
    """Let the development environment import the packages from their sources."""
    for site in environment.folder.glob("lib/python3.*/site-packages"):
        (site / "switchyard.pth").write_text(f"{ROOT / 'layers' / 'core'}\n{ROOT / 'client'}\n")
    # In a folder of its own: on PATH it brings the command, and no other Python.
    script = ENVS / "commands" / "switchyard"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(f"#!/bin/sh\nexec '{environment.python}' -m switchyard_client \"$@\"\n")
    script.chmod(0o755)


def _fingerprint(environment: Environment, python: str) -> str:
    lock = hashlib.sha256(environment.lock.read_bytes()).hexdigest()
    return f"{lock} {python} {platform.machine()}"


def _is_current(environment: Environment, python: str) -> bool:
    marker = environment.folder / ".made-from"
    return marker.is_file() and environment.python.exists() and marker.read_text() == _fingerprint(environment, python)


def _mark_current(environment: Environment, python: str) -> None:
    (environment.folder / ".made-from").write_text(_fingerprint(environment, python))


if __name__ == "__main__":
    os.chdir(str(ROOT))
    try:
        ensure(*sys.argv[1:])
    except StepFailed as failure:
        report(failure)
        sys.exit(1)
