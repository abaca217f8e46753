"""Start and stop the emulator process of a stack."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.request
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from local.environments import ENVIRONMENTS, ROOT
from local.stack import REGION, Stack, folder_of, read_json, write_json
from local.steps import StepFailed

START_SECONDS = 60
STOP_SECONDS = 30


def start(stack: Stack) -> int:
    """Start the emulator and wait until it answers; its process id."""
    if not stack.keep_data:
        shutil.rmtree(stack.state, ignore_errors=True)
    for folder in (stack.logs, stack.state, stack.folder / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    log = stack.logs / "ministack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [ENVIRONMENTS["ministack"].python, "-m", "local.emulator"],
            cwd=ROOT,
            env=_environment(stack),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the command line, which then stops the emulator in an orderly way.
            start_new_session=True,
        )
    started = {"pid": process.pid, "started": _started(process.pid), "stack": asdict(stack)}
    write_json(stack.folder / "process.json", started)
    ports = {"api": stack.api_port, "aws": stack.aws_port, "push": stack.push_port}
    write_json(stack.folder / "ports.json", ports)
    deadline = time.monotonic() + START_SECONDS
    while not _answers(stack):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(stack.name)
            output = log.read_text(encoding="utf-8", errors="replace")
            raise StepFailed("the emulator did not start", output, hint=f"see {log}")
        time.sleep(0.05)
    return process.pid


def command(stack: Stack, order: str) -> None:
    """Have the emulator do something now: `save` its state, or `restart` the functions."""
    with urllib.request.urlopen(f"{stack.endpoint}/_switchyard/{order}", timeout=60):
        pass


def running(name: str) -> Stack | None:
    """The stack of that name if its emulator is running."""
    settings = read_json(folder_of(name) / "process.json")
    return Stack(**settings["stack"]) if settings and pid_of(name) else None


def pid_of(name: str) -> int | None:
    """The process id of the stack's emulator, or None when it is not running (or the number is another's by now)."""
    process = read_json(folder_of(name) / "process.json")
    if process and _started(process["pid"]) == process["started"] is not None:
        return int(process["pid"])
    return None


def is_alive(pid: int) -> bool:
    """Whether there is a process with that number."""
    return _started(pid) is not None


def stop(name: str) -> bool:
    """Stop the emulator, which saves its state first; False when it was not running."""
    pid = pid_of(name)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while pid_of(name) is not None:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    (folder_of(name) / "process.json").unlink(missing_ok=True)
    return True


def _started(pid: int) -> str | None:
    """When a process started, which distinguishes it from a later one with the same number; None when there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        with suppress(OSError):
            fields = stat.read_text(encoding="latin-1").rpartition(")")[2].split()
            return None if fields[0] == "Z" else fields[19]
        return None
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split(maxsplit=1)
    return answer[1].strip() if answer and not answer[0].startswith("Z") else None


def _answers(stack: Stack) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{stack.endpoint}/_ministack/health", timeout=2) as reply:
        return bool(reply.status == 200)
    return False


def _environment(stack: Stack) -> dict[str, str]:
    """All settings of the emulator; nothing else of the caller's environment reaches it or the functions."""
    parent = {} if stack.detached else {"SWITCHYARD_PARENT": str(os.getpid())}
    live = {"SWITCHYARD_LIVE": str(ROOT / "layers" / "core")} if stack.live else {}
    return (
        parent
        | live
        | {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(Path.home()),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(stack.folder / "tmp"),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(stack.aws_port),
            "SWITCHYARD_API_PORT": str(stack.api_port),
            "SWITCHYARD_HOSTS": " ".join(stack.hosts),
            "SWITCHYARD_ENDPOINT": stack.shared_endpoint,
            "SWITCHYARD_UNPACKED": str(stack.folder / "tmp" / "unpacked"),
            "SWITCHYARD_FUNCTION_LOG": str(stack.logs / "functions.log"),
            "SWITCHYARD_SAVE_SECONDS": str(stack.save_seconds),
            "PERSIST_STATE": "1" if stack.keep_data else "0",
            "STATE_DIR": str(stack.state),
            "S3_PERSIST": "1" if stack.keep_data else "0",
            "S3_DATA_DIR": str(stack.state / "s3"),
            # The administrator besides test: what `sam local` gives functions when a shell has no credentials.
            "AWS_ACCESS_KEY_ID": "defaultkey",
            "AWS_SECRET_ACCESS_KEY": "defaultsecret",
            "AWS_DEFAULT_REGION": REGION,
            # Functions inherit this: as on AWS, they find no files of settings, whatever the user has.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "MINISTACK_REGION": REGION,
            # Idle processes of a function, but for one, end after this time.
            "LAMBDA_WARM_TTL_SECONDS": "60",
            # Functions may do what their roles allow and nothing else, as on AWS; test/test may do everything.
            "AUTH": "true",
            # Listeners and a processor that this stack has no use for.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
    )
