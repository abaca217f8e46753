"""`python -m switchyard_client.worker --exec COMMAND`: carry out runs. `… follow RUN_URL`: watch one."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from switchyard_client import follow
from switchyard_client.client import Client
from switchyard_client.console import say
from switchyard_client.errors import Refused, Unreachable
from switchyard_client.retries import Deadline
from switchyard_client.worker.runner import Options
from switchyard_client.worker.work import Worker

#: Exit statuses: a run that was to be carried out failed, or cannot be followed; options or token are refused.
#: A follower that a signal ends has 128 and the signal's number, so that nobody takes this for the run's end.
FAILED, REFUSED, SIGNALLED = 1, 2, 128
WAIT_MAX, LEASE_MIN, LEASE_MAX, PARALLEL_MAX = 20, 10, 86_400, 64
_PROGRAM = "python -m switchyard_client.worker"
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def main(arguments: Sequence[str]) -> int:
    """Work, or follow a run, until stopped by a signal; returns the exit status."""
    follows = arguments[:1] == ["follow"]
    given = _follow_options().parse_args(arguments[1:]) if follows else _options().parse_args(arguments)
    token = given.token or os.environ.get("SWITCHYARD_TOKEN", "")
    problem = _refused_token(token)
    if problem:
        say(problem)
        return REFUSED
    client = Client("" if follows else given.url, token, say)
    try:
        return _follow(client, given.run_url) if follows else _work(client, given)
    except Refused as refusal:
        say(f"refused: {refusal}")
        return REFUSED
    finally:
        client.close()


def _work(client: Client, given: argparse.Namespace) -> int:
    """Work in a thread, and only wait here: a signal's handler then interrupts nothing that holds a lock."""
    stop = threading.Event()

    def on_signal(*_: object) -> None:
        if not stop.is_set():
            stop.set()
            say("stopping: runs are given back; a claim that waits is let come to its end")

    for number in _SIGNALS:
        signal.signal(number, on_signal)
    options = Options(given.exec, given.lease, given.work_dir, given.keep, given.grace, given.pass_token)
    worker = Worker(client, options, given.wait, given.max_parallel, stop)
    with ThreadPoolExecutor(1) as threads:
        if not given.once:
            threads.submit(worker.work).result()
            return 0
        return 0 if threads.submit(worker.once).result() in (None, "completed", "released") else FAILED


class _Signalled(BaseException):
    """A signal ends the follower, wherever it is: it holds nothing that others wait for."""


def _follow(client: Client, run_url: str) -> int:
    def end(number: int, _: FrameType | None) -> None:
        raise _Signalled(number)

    for number in _SIGNALS:
        signal.signal(number, end)
    # What cannot be printed in the terminal's encoding is printed as an escape.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        for line in follow.lines(follow.events(client, run_url, Deadline())):
            print(line, flush=True)
    except Unreachable as problem:
        say(f"the stream broke off: {problem}")
        return FAILED
    except _Signalled as signalled:
        return SIGNALLED + int(signalled.args[0])
    except BrokenPipeError:
        # Who reads has gone: nothing more can be said, by the interpreter's last flush either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SIGNALLED + signal.SIGPIPE
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="Claim runs and carry each out with a shell command, in a fresh folder. The command reads task, "
        "run and message as JSON; what it prints is the run's log, its exit status the run's end, ./output/ its files "
        "and ./output.json its output. 'follow RUN_URL' instead of options follows a run's log.",
    )
    add = parser.add_argument
    add("--exec", required=True, metavar="COMMAND", type=_command, help="the shell command for each run")
    url = os.environ.get("SWITCHYARD_URL")
    add("--url", default=url, required=not url, type=_url, help="the service (default: SWITCHYARD_URL)")
    add("--token", help="the agent's token (default: SWITCHYARD_TOKEN, which others on the machine do not see)")
    add("--wait", type=_between(0, WAIT_MAX), default=0, metavar="SECONDS", help="that a claim waits (default: 0)")
    add("--lease", type=_between(LEASE_MIN, LEASE_MAX), default=60, metavar="SECONDS", help="(default: 60)")
    add("--once", action="store_true", help="carry out one run, then exit: 0 when it was completed, else 1")
    add("--max-parallel", type=_between(1, PARALLEL_MAX), default=1, metavar="N", help="runs at a time (default: 1)")
    add("--work-dir", type=_folder, help="where the runs' folders are made (default: that for temporary files)")
    add("--keep", action="store_true", help="keep the runs' folders")
    add(
        "--grace",
        type=_between(0, 3_600),
        default=5,
        metavar="SECONDS",
        help="between SIGTERM and SIGKILL (default: 5)",
    )
    add("--pass-token", action="store_true", help="let the command have the token, as SWITCHYARD_TOKEN")
    return parser


def _follow_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"{_PROGRAM} follow", description="Follow a run's log.")
    parser.add_argument("run_url", metavar="RUN_URL", type=_url, help="the run's url, as a claim gives it")
    parser.add_argument("--token", help="a token that may read the run (default: SWITCHYARD_TOKEN)")
    return parser


def _refused_token(token: str) -> str | None:
    """Return what is wrong with a token; None when it can be sent."""
    if not token:
        return "no token: set SWITCHYARD_TOKEN, or give --token"
    if not (token.isascii() and token.isprintable()) or " " in token:
        return "SWITCHYARD_TOKEN or --token has a space, a line break or another character that no token has"
    return None


def _command(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError("is empty: give a shell command")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right or not text.isprintable() or " " in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL: give http://HOST or https://HOST, and a path if any")
    return text


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{text!r} is not a folder that can be written to: make it first")
    return folder.resolve()


def _between(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{number} is not between {low} and {high}")
        return number

    read.__name__ = "number"
    return read


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
