"""Compile the hash-locked requirement files from pyproject.toml: `python3 -m local.lock [--upgrade]`.

The files name no package index, so that they install from whichever one a machine is set up for.
"""

from __future__ import annotations

import sys

from local.environments import LOGS, ROOT, base_python, uv_path
from local.steps import StepFailed, report, run, step

LAYER = "layers/core/requirements.txt"
# Output file -> what it is compiled from. The layer comes first: the development environment must have its versions.
LOCKS = {
    LAYER: ["pyproject.toml"],
    "locks/dev.txt": ["pyproject.toml", "client/pyproject.toml", "--group", "dev", "--constraint", LAYER],
    "locks/sam.txt": ["--group", "sam"],
    "locks/local.txt": ["--group", "local"],
    "locks/checkov.txt": ["--group", "checkov"],
    "locks/mcp1.txt": ["--group", "mcp1"],
    "locks/mcp2.txt": ["--group", "mcp2"],
    "locks/node.txt": ["--group", "node"],
    "locks/clients.txt": ["--group", "clients"],
    "locks/clients1.txt": ["--group", "clients1"],
    "locks/sdk.txt": ["--group", "sdk"],
    "locks/docs.txt": ["--group", "docs"],
    "locks/setup.txt": ["--group", "setup"],
}
OPTIONS = [
    "--quiet",
    "--universal",
    "--python-version",
    "3.13",
    "--generate-hashes",
    "--no-header",
    "--no-emit-index-url",
]


def compile_locks(extra: list[str]) -> None:
    """Write every lock file; versions stay as they are unless pyproject.toml or `--upgrade` asks for others."""
    uv = uv_path(base_python())
    for output, sources in LOCKS.items():
        with step(output):
            run(
                [uv, "pip", "compile", *OPTIONS, *extra, *sources, "--output-file", output],
                "uv pip compile",
                LOGS / "lock.log",
                cwd=ROOT,
                hint="pyproject.toml asks for versions that do not fit together, or the index is not reachable",
            )


if __name__ == "__main__":
    try:
        compile_locks(sys.argv[1:])
    except StepFailed as failure:
        report(failure)
        sys.exit(1)
