"""`python -m switchyard.worker --exec COMMAND`: carry out runs. `… follow RUN_URL`: watch one.

Needs the extra `worker`: pip install 'switchyard[worker]'.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from switchyard.worker import follow
from switchyard.worker.client import Client, Deadline, Refused, Unreachable
from switchyard.worker.runner import Options, say
from switchyard.worker.work import Worker

#: Exit statuses: a run that was to be carried out failed, or cannot be followed; the service refuses the token.
FAILED, REFUSED = 1, 2
WAIT_MAX, LEASE_MIN, LEASE_MAX, PARALLEL_MAX = 20, 10, 86_400, 64


def main(arguments: Sequence[str]) -> int:
    """Work, or follow a run, until told to stop; returns the exit status."""
    follows = arguments[:1] == ["follow"]
    given = _follow_options().parse_args(arguments[1:]) if follows else _options().parse_args(arguments)
    token = given.token or os.environ.get("SWITCHYARD_TOKEN", "")
    if not token:
        say("no token: set SWITCHYARD_TOKEN, or give --token")
        return REFUSED
    stop = threading.Event()
    client = Client("" if follows else given.url, token)
    try:
        return _attended(
            (lambda: _follow(client, given, stop)) if follows else (lambda: _work(client, given, stop)), stop
        )
    except Refused as refusal:
        say(f"refused: {refusal}")
        return REFUSED
    finally:
        client.close()


def _attended(work: Callable[[], int], stop: threading.Event) -> int:
    """Do the work in a thread, and only wait here: a signal's handler then interrupts nothing that holds a lock."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result()


def _work(client: Client, given: argparse.Namespace, stop: threading.Event) -> int:
    options = Options(given.exec, given.lease, given.work_dir, given.keep, given.grace, given.pass_token)
    worker = Worker(client, options, given.wait, given.max_parallel, stop)
    if not given.once:
        worker.work()
        return 0
    return 0 if worker.once() in (None, "completed", "released") else FAILED


def _follow(client: Client, given: argparse.Namespace, stop: threading.Event) -> int:
    try:
        for line in follow.lines(follow.events(client, given.run_url, Deadline(stop=stop))):
            print(line, flush=True)
    except Unreachable as problem:
        if not stop.is_set():
            say(f"the stream broke off: {problem}")
            return FAILED
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m switchyard.worker",
        description="Claim runs and carry each out with a shell command, in a fresh folder. The command reads task, "
        "run and message as JSON; what it prints is the run's log, its exit status the run's end, ./output/ its files "
        "and ./output.json its output. 'follow RUN_URL' instead of options follows a run's log.",
    )
    add = parser.add_argument
    add("--exec", required=True, metavar="COMMAND", help="the shell command for each run")
    url = os.environ.get("SWITCHYARD_URL")
    add("--url", default=url, required=not url, help="the service (default: SWITCHYARD_URL)")
    add("--token", help="the agent's token (default: SWITCHYARD_TOKEN, which others on the machine do not see)")
    add("--wait", type=_between(0, WAIT_MAX), default=WAIT_MAX, metavar="SECONDS", help="of one claim (default: 20)")
    add("--lease", type=_between(LEASE_MIN, LEASE_MAX), default=60, metavar="SECONDS", help="(default: 60)")
    add("--once", action="store_true", help="carry out one run, then exit: 0 when it was completed, else 1")
    add("--max-parallel", type=_between(1, PARALLEL_MAX), default=1, metavar="N", help="runs at a time (default: 1)")
    add("--work-dir", type=Path, help="where the runs' folders are made (default: that for temporary files)")
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
    parser = argparse.ArgumentParser(prog="python -m switchyard.worker follow", description="Follow a run's log.")
    parser.add_argument("run_url", metavar="RUN_URL", help="the run's url, as a claim gives it")
    parser.add_argument("--token", help="a token that may read the run (default: SWITCHYARD_TOKEN)")
    return parser


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
