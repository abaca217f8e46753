"""One claimed run, carried out: prepare, run the command, report, whatever happens meanwhile."""

import json
import os
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from switchyard_client.client import FINAL, Claimed, Client
from switchyard_client.console import say
from switchyard_client.errors import Lost, Refused, Unreachable
from switchyard_client.retries import Deadline
from switchyard_client.worker import files
from switchyard_client.worker.asking import VARIABLE, Desk
from switchyard_client.worker.files import BadOutput
from switchyard_client.worker.lease import Lease
from switchyard_client.worker.logs import Log
from switchyard_client.worker.process import Command

#: Seconds between two looks at whether the command has ended, or must.
_LOOK = 0.1
#: Seconds that giving a run back may take when the worker stops.
_FAREWELL = 5.0
ERROR_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Options:
    """How runs are executed. `grace` is how many seconds a command has to end when it is stopped."""

    command: str
    lease_seconds: int
    work_dir: Path | None = None
    keep: bool = False
    grace: float = 5.0
    pass_token: bool = False


def carry_out(client: Client, run: Claimed, options: Options, stop: threading.Event) -> str:
    """Carry out a run; returns what became of it.

    That is `completed` or `failed` as reported, `released` when the worker had to stop, `lost` when the run was not
    the worker's any more, which is then the whole report.
    """
    name = f"run {run.run_id}"
    say(f"{name}: claimed with fence {run.fence}: {json.dumps(run.task['title'], ensure_ascii=False)}")
    folder = Path(tempfile.mkdtemp(prefix=f"run-{run.run_id}-{run.fence}-", dir=options.work_dir))
    try:
        farewell, tell = options.grace + _FAREWELL, Comments(folder / "comments.jsonl")
        with Lease(client, run, options.lease_seconds, stop, farewell, tell) as lease:
            outcome = _Attempt(client, run, options, lease, folder, stop).outcome()
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    say(f"{name}: {outcome}")
    return outcome.partition(":")[0]


class Comments:
    """Appends comments on the task to a file that the command can read, a line of JSON each."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, comment: Any) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(comment, ensure_ascii=False) + "\n")


class _Attempt:
    def __init__(
        self, client: Client, run: Claimed, options: Options, lease: Lease, folder: Path, stop: threading.Event
    ) -> None:
        self.client, self.run, self.options, self.lease = client, run, options, lease
        self.folder, self.stop = folder, stop

    def outcome(self) -> str:
        try:
            return self._worked()
        except (Lost, Unreachable) as error:
            return f"lost: {self.lease.lost or error}"

    def _worked(self) -> str:
        if self.stop.is_set():
            return self._give_back()
        (self.folder / "artifacts").mkdir()
        (self.folder / "output").mkdir()
        try:
            files.fetch(self.client, self.run, self.folder / "artifacts", self.lease.deadline)
        except Lost:
            raise
        except Refused as refusal:
            return self._report("failed", f"The run's artifacts could not be read: {refusal}")
        except Unreachable:
            if not self.stop.is_set():
                raise
        if self.stop.is_set():
            return self._give_back()
        log = Log(self.client, self.run, self.lease)
        desk = Desk(self.client, self.run, self.lease)
        command = Command(self.options.command, self.folder, self._environment(desk), self._given(), log.put)
        while command.status is None and not self._interrupted(log):
            time.sleep(_LOOK)
        status = command.status
        if status is None:
            command.end(self.options.grace)
        command.finish()
        desk.close()
        log.close()
        if self.lease.lost:
            return f"lost: {self.lease.lost}"
        if status is None and self.stop.is_set():
            return self._give_back()
        if log.problem:
            return self._report("failed", log.problem)
        return self._handed_in(status or 0, command.last_error)

    def _give_back(self) -> str:
        self.client.release(self.run, Deadline(time.monotonic() + _FAREWELL))
        return "released: the worker stops"

    def _interrupted(self, log: Log) -> bool:
        return bool(self.lease.lost or log.problem or self.stop.is_set())

    def _handed_in(self, status: int, last_error: str) -> str:
        """Hand in files and output, then report; what is refused makes the run a failed one."""
        try:
            files.hand_in(self.client, self.run, self.folder / "output", self.lease.deadline)
            if status:
                how = f"exit status {status}" if status > 0 else f"signal {-status}"
                return self._report("failed", f"{how}: {last_error}" if last_error else how)
            ended = self._set_output()
            if ended:
                return ended
        except Lost:
            raise
        except (Refused, BadOutput) as problem:
            return self._report("failed", str(problem))
        return self._report("completed")

    def _set_output(self) -> str | None:
        """Report ./output.json; returns the final status when that ended the run. Raises BadOutput and Refused."""
        path = self.folder / "output.json"
        if not path.is_file():
            return None
        try:
            output = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_json)
        except ValueError as error:
            raise BadOutput(f"output.json is not JSON: {error}") from None
        status: str = self._send("set_output", {"output": output}, "output")["status"]
        return status if status in FINAL else None

    def _report(self, status: str, error: str | None = None) -> str:
        fields = {"status": status} | ({"error_message": error[:ERROR_MAX]} if error else {})
        self._send("", fields, "end")
        return f"{status}: {error}" if error else status

    def _send(self, path: str, body: dict[str, Any], what: str) -> Any:
        # Under a key, so that a report whose answer got lost is not taken for one of a run that is over.
        key = f"{self.run.run_id}.{self.run.fence}.{what}"
        return self.client.report(self.run, "PATCH", path, body, self.lease.deadline, key)

    def _given(self) -> str:
        """Return what the command reads: the task, the run, and the message that it was started with."""
        given = {"task": self.run.task, "run": self.run.run, "message": self.run.run.get("message")}
        return json.dumps(given, ensure_ascii=False) + "\n"

    def _environment(self, desk: Desk) -> dict[str, str]:
        ours = {
            VARIABLE: desk.path,
            "SWITCHYARD_URL": self.client.url,
            "SWITCHYARD_RUN_URL": self.run.url,
            "SWITCHYARD_TASK_ID": self.run.task_id,
            "SWITCHYARD_RUN_ID": self.run.run_id,
            "SWITCHYARD_FENCE": str(self.run.fence),
        }
        kept = {name: value for name, value in os.environ.items() if name != "SWITCHYARD_TOKEN"}
        token = {"SWITCHYARD_TOKEN": self.client.token} if self.options.pass_token else {}
        return {**kept, **ours, **token}


def _no_json(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
