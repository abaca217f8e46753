"""`sam local` against the running stack: what it needs to know, and the whole API tried through it.

samconfig.toml names the files that are written here, so that plain `sam build`, `sam local invoke` and `sam local
start-api` find them.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from local import api_checks, process
from local.complete import load_template, physical_ids, resources
from local.deploy import ARCHITECTURE, sam_environment
from local.environments import ENVIRONMENTS, ROOT
from local.stack import Stack, free_port, read_json, write_json
from local.steps import StepFailed, run, step

#: The variables of each function, for `--env-vars`.
ENV = ROOT / "env.json"
#: The processor that plain `sam build` builds for and `sam local` runs.
HOST = ROOT / "local" / "host.yaml"
#: A first start pulls the image of the runtime.
START_SECONDS = 300
STOP_SECONDS = 30
FIND_ENGINE = "from samcli.local.docker.container_client_factory import ContainerClientFactory as F; F.create_client()"


def running(name: str) -> Stack:
    """The stack of that name, if it runs where containers reach it; StepFailed if not."""
    stack = process.running(name)
    if stack is None:
        raise StepFailed(f"the stack {name} is not running", hint="make run CONTAINERS=1 DETACH=1")
    if not stack.host:
        raise StepFailed(
            f"the stack {name} serves on 127.0.0.1 alone, which no container reaches",
            hint="make stop && make run CONTAINERS=1 DETACH=1 (docs/sam-local.md)",
        )
    return stack


def write_files(name: str) -> None:
    """Write the files for the running stack of that name, and say what to do next."""
    stack = running(name)
    prepare(stack)
    print(
        f"{ENV.name} has the variables of every function, with AWS at {stack.shared_endpoint}; {ARCHITECTURE} is built."
    )
    print('Next: eval "$(make -s env)", then sam build && sam local start-api')


def prepare(stack: Stack) -> None:
    """Write what samconfig.toml names: the functions' variables, and this machine's processor."""
    write_json(ENV, variables(stack))
    HOST.write_text(f"Architecture: {ARCHITECTURE}\n", encoding="utf-8")


def variables(stack: Stack) -> dict[str, dict[str, str]]:
    """Logical id -> variables of each function of the template, as the running stack has them, for a container.

    StepFailed when the stack lacks one. Credentials and region are none of them: Lambda reserves their names, so no
    template may declare them and SAM takes them from the shell.
    """
    client = boto3.client("lambda", **stack.client_options())
    pages = client.get_paginator("list_functions").paginate()
    deployed = {each["FunctionName"]: each for page in pages for each in page["Functions"]}
    ids = physical_ids(stack)
    wanted = [name for name, _ in resources(load_template(), "AWS::Serverless::Function")]
    missing = [name for name in wanted if ids.get(name) not in deployed]
    if missing:
        raise StepFailed(f"the stack {stack.name} lacks {', '.join(missing)}", hint="make run brings it up to date")
    return {name: seen_from_container(stack, deployed[ids[name]]) for name in wanted}


def seen_from_container(stack: Stack, function: dict[str, Any]) -> dict[str, str]:
    """A function's variables with the addresses that a container reaches; the URLs of queues are such addresses."""
    own = function["Environment"]["Variables"]
    moved = {key: value.replace(stack.endpoint, stack.shared_endpoint) for key, value in own.items()}
    return moved | {"AWS_ENDPOINT_URL": stack.shared_endpoint}


def has_engine() -> bool:
    """Whether SAM itself finds a container engine that answers."""
    command = [ENVIRONMENTS["sam"].python, "-c", FIND_ENGINE]
    found = subprocess.run(command, env=sam_environment(), capture_output=True, timeout=60, check=False)
    return found.returncode == 0


def try_api(name: str) -> None:
    """Build, serve the API by `sam local start-api`, and check it; a word and nothing else where there is no engine."""
    if not has_engine():
        print("SKIPPED: sam finds no container engine that answers (Docker, Finch or Podman), so nothing was tried.")
        return
    stack = running(name)
    prepare(stack)
    with step("sam build"):
        run(["sam", "build"], "sam build", stack.logs / "sam-build.log", env=sam_environment(), cwd=ROOT)
    with start_api(stack) as url:
        api_checks.check(url, read_json(stack.record))
    print(f"\nAll checks passed on {url}.")


@contextmanager
def start_api(stack: Stack) -> Iterator[str]:
    """Serve the built API by `sam local start-api` until the block ends; its address."""
    port, log = free_port(3000), stack.logs / "sam-local.log"
    with log.open("wb") as output, step("sam local start-api"):
        served = subprocess.Popen(
            ["sam", "local", "start-api", "--port", str(port)],
            cwd=ROOT,
            env=sam_environment() | stack.aws_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(port, served, log)
        except BaseException:
            end(served)
            raise
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        end(served)


def wait_for(port: int, served: subprocess.Popen[bytes], log: Path) -> None:
    """Return when something listens; StepFailed when the process ended or time is up."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if served.poll() is not None or time.monotonic() > deadline:
            output = log.read_text(encoding="utf-8", errors="replace")
            raise StepFailed("sam local start-api did not start", output, hint=f"see {log}")
        time.sleep(0.2)


def end(served: subprocess.Popen[bytes]) -> None:
    """Interrupt sam, which then removes its containers; kill it when it does not end."""
    served.send_signal(signal.SIGINT)
    try:
        served.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        served.kill()
        served.wait()
