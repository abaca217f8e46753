"""Clients that are generated from docs/openapi.json do a day's work, in Python and in TypeScript."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import environments
from tests.support.openapi import openapi
from tests.support.template import ROOT

DOCUMENT = ROOT / "docs" / "openapi.json"
PROGRAMS = environments.CLIENTS / "sdk"
#: What a day comes to, whatever the language.
DAY = {
    "again": True,
    "ready": ["Draft"],
    "message": "Mind the links.",
    "file": "# Notes",
    "run": "completed",
    "log": 1,
    "webhooks": True,
    "deleted": 204,
    "pages": ["Publish", "Draft"],
    "followups": 200,
    "refused": "resource_not_found",
}


def run(*command: Any, cwd: Path, env: Mapping[str, str]) -> str:
    """Return what a program prints; it must end well, and without a warning."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def operations() -> set[str]:
    return {each["operationId"] for methods in openapi()["paths"].values() for each in methods.values()}


@pytest.fixture(scope="module")
def python_client(tmp_path_factory: pytest.TempPathFactory, clients_environment: dict[str, str]) -> tuple[Path, Path]:
    """The interpreter, and the folder with the client that openapi-python-client makes; a warning is a failure."""
    folder, python = tmp_path_factory.mktemp("python"), environments.python_of("sdk")
    # The generator tidies what it made up by ruff.
    path = {"PATH": os.pathsep.join([str(python.parent), clients_environment["PATH"]])}
    options = ["--meta", "none", "--output-path", "switchyard_api", "--fail-on-warning"]
    config = ["--config", PROGRAMS / "openapi-python-client.yaml"]
    command = [python.parent / "openapi-python-client", "generate", "--path", DOCUMENT, *options, *config]
    run(*command, cwd=folder, env={**clients_environment, **path})
    return python, folder


@pytest.fixture(scope="module")
def typescript_client(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Node.js, and a folder with the types that openapi-typescript makes and the program that uses them."""
    node, packages = environments.node("sdk")
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "node_modules").symlink_to(packages / "node_modules")
    for name in ("day.ts", "tsconfig.json", "package.json"):
        shutil.copy(PROGRAMS / name, folder)
    # A field with a default may be left out.
    options = ["--output", "schema.d.ts", "--default-non-nullable=false"]
    run(node, "node_modules/openapi-typescript/bin/cli.js", DOCUMENT, *options, cwd=folder, env={})
    return node, folder


def test_the_python_client_has_every_operation(python_client: tuple[Path, Path]) -> None:
    _, folder = python_client
    made = {path.stem for path in folder.glob("switchyard_api/api/*/*.py")} - {"__init__"}
    assert made == operations()


def test_the_python_client_does_a_days_work(
    stack: dict[str, Any], python_client: tuple[Path, Path], clients_environment: dict[str, str]
) -> None:
    python, folder = python_client
    place = [stack["url"], stack["tokens"]["admin"], stack["tokens"]["agent"]]
    environment = {**clients_environment, "PYTHONPATH": str(folder)}
    said = json.loads(run(python, PROGRAMS / "day.py", *place, cwd=folder, env=environment))
    assert said == {**DAY, "read": "Draft"}


def test_the_typescript_types_have_every_operation(typescript_client: tuple[Path, Path]) -> None:
    _, folder = typescript_client
    text = (folder / "schema.d.ts").read_text(encoding="utf-8")
    _, _, made = text.partition("export interface operations {")
    assert {name for name in operations() if f"\n    {name}: {{" not in made} == set()


def test_the_typescript_client_does_a_days_work(stack: dict[str, Any], typescript_client: tuple[Path, Path]) -> None:
    node, folder = typescript_client
    run(node, "node_modules/typescript/bin/tsc", "--project", ".", cwd=folder, env={})
    place = [stack["url"], stack["tokens"]["admin"], stack["tokens"]["agent"]]
    said = json.loads(run(node, "day.ts", *place, cwd=folder, env={"NO_PROXY": "127.0.0.1"}))
    assert said == {**DAY, "read": "function"}
