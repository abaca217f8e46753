"""The sequence behind `make run`: start the emulator, deploy, fill in, create the demo, say where it is."""

from __future__ import annotations

import shlex
import shutil
import signal
import threading
import time
from typing import Any

import boto3

from local import demo, process
from local.complete import physical_ids
from local.deploy import deploy
from local.environments import ENVIRONMENTS, ENVS
from local.stack import API_PORT, AWS_PORT, DEFAULT, Stack, choose, folder_of, read_json, write_json
from local.steps import StepFailed, exclusive, step


def run(name: str, detach: bool, live: bool, host: str = "") -> None:
    """Bring the stack up, or up to date when it runs already; without `detach`, serve until Ctrl-C.

    `host` is a further address to serve on.
    """
    began = time.monotonic()
    with exclusive(folder_of(name) / "tmp" / "lock"):
        found = process.running(name)
        if found and host and host != found.host:
            raise StepFailed(f"the stack {name} runs already, and not on {host}", hint="make stop, then this again")
        stack = found or choose(name, host=host, detached=detach, live=live)
        record = update(stack) if found else start(stack)
    show(stack, record, time.monotonic() - began)
    if found or detach:
        again = "" if name == DEFAULT else f" STACK={name}"
        print(f"\nIt keeps running; `make stop{again}` ends it and keeps its data.")
        return
    wait_for_interrupt(stack)


def start(stack: Stack) -> dict[str, Any]:
    """Start the emulator and deploy to it; the stack's record. Nothing is left running when a step fails."""
    if stack.name == DEFAULT and (stack.api_port, stack.aws_port) != (API_PORT, AWS_PORT):
        print(f"  (the usual ports {API_PORT} and {AWS_PORT} are not both free: {stack.api_port} and {stack.aws_port})")
    try:
        with step(f"MiniStack on {' and '.join(stack.hosts)}, port {stack.aws_port}"):
            process.start(stack)
        return update(stack)
    except BaseException:
        process.stop(stack.name)
        if not (stack.state / "deployed.json").exists():
            # The first deployment was cut off: half of it would be in the way of the next one.
            shutil.rmtree(stack.state, ignore_errors=True)
        raise


def update(stack: Stack) -> dict[str, Any]:
    """Deploy what changed to a running stack; the stack's record."""
    fresh = read_json(stack.state / "deployed.json") is None
    deploy(stack, fresh)
    record = read_json(stack.state / "demo.json")
    if record is None:
        with step("demo tenants"):
            record = demo.create_demo(stack, table_name(stack))
            process.command(stack, "save")
            write_json(stack.state / "demo.json", record)
    with step("first request"):
        check(stack)
    record = {
        "url": stack.url,
        "mcp_url": f"{stack.url}/mcp",
        **record,
        "push_url": stack.push_url,
        "aws": stack.client_options(),
    }
    write_json(stack.record, record)
    return record


def table_name(stack: Stack) -> str:
    """The name that the deployment gave the table."""
    return physical_ids(stack)["Table"]


def check(stack: Stack) -> None:
    """One request all the way through the HTTP API and a function."""
    import httpx

    reply = httpx.get(f"{stack.url}/health", timeout=30, trust_env=False)
    if reply.status_code != 200:
        log = stack.logs / "functions.log"
        raise StepFailed(f"GET /health answered {reply.status_code}", reply.text, hint=f"see {log} (make logs)")


def show(stack: Stack, record: dict[str, Any], seconds: float) -> None:
    """Print what a person needs to use the stack."""
    print(f"\nReady in {seconds:.1f} s.\n")
    print(f"  HTTP API   {record['url']}")
    print(f"  MCP        {record['mcp_url']}")
    print(f"  AWS        {stack.endpoint}   (AWS_ENDPOINT_URL; credentials test/test)")
    if stack.host:
        print(f"  containers {stack.shared_endpoint}   (next: make local-env)")
    print(f"  workspace  {record['workspace_id']}")
    print(f"  project    {record['project_id']}")
    print(f"  console    {sign_in_link(stack, record)}")
    print(f"  mails      {stack.mails_url}")
    for name, token in record["tokens"].items():
        print(f"  {name:<12} {token}")
    print("\nTry:\n")
    for command in demo.curl_commands(record):
        print(f"  {command}")
    print(f"\nAll of this is in {stack.record}; logs are in {stack.logs}.")


def sign_in_link(stack: Stack, record: dict[str, Any]) -> str:
    """An address that opens the console as the demo's administrator, once, within an hour."""
    from switchyard.admin import Admin

    admin = Admin(table_name(stack), boto3.client("dynamodb", **stack.client_options()))
    link = admin.sign_in_link(record["workspace_id"], "user_admin", role="owner", minutes=60)
    return f"{record['url']}{link['path']}"


def print_environment(name: str) -> None:
    """Print shell settings under which sam, aws and boto3 talk to the running stack."""
    stack = process.running(name)
    if stack is None:
        raise StepFailed(f"the stack {name} is not running", hint="make run DETACH=1")
    record = read_json(stack.record)
    settings = stack.aws_environment() | {
        "TABLE_NAME": table_name(stack),
        "SAM_CLI_TELEMETRY": "0",
        # The names of the curl commands in the documents.
        "URL": record["url"],
        "TOKEN": record["tokens"]["admin"],
        "SWITCHYARD_URL": record["url"],
        "SWITCHYARD_TOKEN": record["tokens"]["admin"],
        "SWITCHYARD_AGENT_TOKEN": record["tokens"]["agent"],
        "SWITCHYARD_WORKSPACE": record["workspace_id"],
    }
    for key, value in settings.items():
        print(f"export {key}={shlex.quote(value)}")
    folders = (ENVS / "commands", ENVIRONMENTS["sam"].folder / "bin")
    print(f'export PATH={":".join(shlex.quote(str(each)) for each in folders)}:"$PATH"')


def wait_for_interrupt(stack: Stack) -> None:
    """Serve until Ctrl-C (or until the emulator is stopped from elsewhere), then stop it in an orderly way."""
    print("\nCtrl-C stops it and keeps its data.", flush=True)
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    while not interrupted.wait(1):
        if process.pid_of(stack.name) is None:
            raise StepFailed("the emulator ended", hint=f"if you did not stop it: see {stack.logs / 'ministack.log'}")
    print()
    with step("saving and stopping"):
        process.stop(stack.name)
