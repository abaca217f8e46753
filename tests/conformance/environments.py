"""The published clients, installed once into .local: Python ones by hash, npm ones by the committed lock file."""

import hashlib
import os
import shutil
from pathlib import Path

from local.environments import ENVIRONMENTS, ENVS, LOGS, ROOT, Environment, ensure
from local.steps import run, step

CLIENTS = Path(__file__).parent / "clients"
FOLDER = ROOT / ".local" / "npm-clients"
# What only this ring needs is made when it runs, not by `make setup`, and holds nothing of ours.
ENVIRONMENTS.update(
    {name: Environment(ENVS / name, ROOT / "locks" / f"{name}.txt") for name in ("clients", "mcp1", "mcp2", "node")}
)
NODE = ENVIRONMENTS["node"].folder / "bin"
_MANIFESTS = ("package.json", "package-lock.json")


def python_of(name: str) -> Path:
    """The interpreter of a client's environment, made when it is missing."""
    ensure(name)
    return ENVIRONMENTS[name].python


def node() -> tuple[Path, Path]:
    """Node.js and the folder whose node_modules holds the npm clients, made when they are missing."""
    ensure("node")
    wanted = hashlib.sha256(b"".join((CLIENTS / name).read_bytes() for name in _MANIFESTS)).hexdigest()
    marker = FOLDER / ".made-from"
    if not marker.is_file() or marker.read_text() != wanted:
        with step("npm clients"):
            shutil.rmtree(FOLDER, ignore_errors=True)
            FOLDER.mkdir(parents=True)
            for name in _MANIFESTS:
                shutil.copy(CLIENTS / name, FOLDER)
            environment = os.environ | {"PATH": os.pathsep.join([str(NODE), os.environ.get("PATH", os.defpath)])}
            command = [NODE / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            hint = "the npm registry must be reachable for the first run"
            run(command, "npm ci", LOGS / "npm-clients.log", env=environment, cwd=FOLDER, hint=hint)
            marker.write_text(wanted)
    shutil.copy(CLIENTS / "sdk.mjs", FOLDER)
    return NODE / "node", FOLDER
