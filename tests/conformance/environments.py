"""The published clients, installed once into .local: Python ones by hash, npm ones by the committed lock file."""

import hashlib
import os
import shutil
from pathlib import Path

from local.environments import ENVIRONMENTS, ENVS, LOGS, ROOT, Environment, ensure
from local.steps import run, step

CLIENTS = Path(__file__).parent / "clients"
FOLDER = ROOT / ".local" / "npm-clients"
# What only this ring needs is made when it runs, not by `make setup`, and holds none of our code.
ENVIRONMENTS.update(
    {
        name: Environment(ENVS / name, ROOT / "locks" / f"{name}.txt")
        for name in ("clients", "clients1", "mcp1", "mcp2", "node", "sdk")
    }
)
NODE = ENVIRONMENTS["node"].folder / "bin"
_MANIFESTS = ("package.json", "package-lock.json")


def python_of(name: str) -> Path:
    """The interpreter of a client's environment, made when it is missing."""
    ensure(name)
    return ENVIRONMENTS[name].python


def node(clients: str = "") -> tuple[Path, Path]:
    """Node.js and the folder whose node_modules holds the npm clients, made when they are missing.

    `clients` names a set of clients with a lock file of its own, a folder under clients/.
    """
    source = CLIENTS / clients
    folder = npm(source, f"{FOLDER.name}{clients and '-'}{clients}")
    for program in source.glob("*.mjs"):
        shutil.copy(program, folder)
    return NODE / "node", folder


def npm(source: Path, name: str) -> Path:
    """A folder of .local with the packages that the lock file of a folder pins, installed when it changed."""
    ensure("node")
    folder = FOLDER.with_name(name)
    wanted = hashlib.sha256(b"".join((source / each).read_bytes() for each in _MANIFESTS)).hexdigest()
    marker = folder / ".made-from"
    if not marker.is_file() or marker.read_text() != wanted:
        with step(name):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for each in _MANIFESTS:
                shutil.copy(source / each, folder)
            environment = os.environ | {"PATH": os.pathsep.join([str(NODE), os.environ.get("PATH", os.defpath)])}
            command = [NODE / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            hint = "the npm registry must be reachable for the first run"
            run(command, "npm ci", LOGS / f"{name}.log", env=environment, cwd=folder, hint=hint)
            marker.write_text(wanted)
    return folder
