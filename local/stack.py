"""One local stack: its name, its folder, its ports. Several can run in parallel."""

from __future__ import annotations

import json
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.environments import ROOT

LOCAL = ROOT / ".local"
DEFAULT = "default"
API_PORT = 8787
AWS_PORT = 4566
PUSH_PORT = 8788
REGION = "us-east-1"
STACK_NAME = "switchyard"
BUCKET = "switchyard-deployments"
TAKEN_NAMES = {"build", "envs", "log", "state", "tmp"}


@dataclass(frozen=True)
class Stack:
    """Where one local stack keeps its things and which ports it serves on, of 127.0.0.1 at least."""

    name: str
    api_port: int
    aws_port: int
    # Kept on disk across restarts.
    keep_data: bool = True
    save_seconds: int = 10
    # Functions import the package from the sources and not from the layer that was deployed.
    live: bool = False
    # Outlives the process that started it.
    detached: bool = False
    # Where pushes go, should anybody listen there; 0: nowhere.
    push_port: int = 0
    # A further address of this machine to serve on, which containers reach too; empty: none.
    host: str = ""

    @property
    def folder(self) -> Path:
        """Holds everything of this stack: state, logs, what was built for it."""
        return folder_of(self.name)

    @property
    def url(self) -> str:
        """The HTTP API."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def endpoint(self) -> str:
        """The emulated AWS: AWS_ENDPOINT_URL of any SDK on this machine."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The addresses that it serves on."""
        return ("127.0.0.1", self.host) if self.host else ("127.0.0.1",)

    @property
    def shared_endpoint(self) -> str:
        """The emulated AWS as its functions know it: reachable from containers too where there is a `host`."""
        return f"http://{self.hosts[-1]}:{self.aws_port}"

    @property
    def push_url(self) -> str:
        """Where pushes go, in the shape of Expo's push service. Nothing of the stack listens there."""
        return f"http://127.0.0.1:{self.push_port}/--/api/v2/push/send"

    @property
    def mails_url(self) -> str:
        """The page of the mails that were sent."""
        return f"{self.endpoint}/_switchyard/mails"

    @property
    def state(self) -> Path:
        """What the emulator keeps across restarts."""
        return self.folder / "state"

    @property
    def logs(self) -> Path:
        """Log files: the emulator's, the functions', those of each step."""
        return self.folder / "log"

    @property
    def record(self) -> Path:
        """stack.json: the addresses and the demo tokens, for people, tests and benchmarks."""
        return self.folder / "stack.json"

    def aws_environment(self) -> dict[str, str]:
        """Environment variables that point any AWS client at this stack and at nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client_options(self) -> dict[str, str]:
        """Arguments for boto3.client, so that no setting of the user's account is read."""
        return {
            "endpoint_url": self.endpoint,
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }


def folder_of(name: str) -> Path:
    """The folder of the stack with that name."""
    return LOCAL if name == DEFAULT else LOCAL / name


def name_from_environment() -> str:
    """The name in STACK. Ends the command when it is none."""
    name = os.environ.get("STACK") or DEFAULT
    if name in TAKEN_NAMES or not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name):
        taken = ", ".join(sorted(TAKEN_NAMES))
        raise SystemExit(
            f"STACK={name}: use 1 to 31 lower case letters, digits and hyphens, a letter first, and none of {taken}"
        )
    return name


def choose(name: str, *, host: str = "", **settings: Any) -> Stack:
    """A stack of that name on the ports it had last time, or else on the usual or on free ones."""
    default = name == DEFAULT
    last = read_json(folder_of(name) / "ports.json") or {}
    wanted_api = last.get("api", API_PORT if default else 0)
    wanted_aws = last.get("aws", AWS_PORT if default else 0)
    wanted_push = last.get("push", PUSH_PORT if default else 0)
    api_port = free_port(wanted_api, host=host)
    aws_port = free_port(wanted_aws, but_not=(api_port,), host=host)
    push_port = free_port(wanted_push, but_not=(api_port, aws_port))
    return Stack(name, api_port, aws_port, push_port=push_port, host=host, **settings)


def free_port(wanted: int, but_not: tuple[int, ...] = (), host: str = "") -> int:
    """The wanted port if nothing serves on it, else a free one: of 127.0.0.1, and of `host` too if there is one."""
    for port in (wanted, 0, 0, 0):
        found = bound("127.0.0.1", port)
        if found and found not in but_not and (not host or bound(host, found)):
            return found
    raise OSError(f"no free port on 127.0.0.1 {host}")


def bound(host: str, port: int) -> int | None:
    """The port that an address lets go of at once (0: any); None when something serves on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def read_json(path: Path) -> Any:
    """The content of a JSON file, or None when there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file in one go: a reader sees the old content or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".new")
    partial.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
