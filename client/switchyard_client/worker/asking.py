"""Questions of a command: `switchyard ask` inside it speaks to a socket of the worker, which asks and waits for it."""

import json
import shutil
import socket
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from switchyard_client.client import Claimed, Client
from switchyard_client.errors import Lost, Refused, Unreachable
from switchyard_client.worker.lease import Lease

#: Where a command finds the socket.
VARIABLE = "SWITCHYARD_ASK"
#: Bytes of the line that a command sends.
LINE_MAX = 200_000
#: Seconds between two looks for the answer: the first, and the longest. A look is paid for (docs/cost.md).
_FIRST_LOOK, _LONGEST_LOOK = 1.0, 15.0


class Desk:
    """Takes the questions of one command, one after the other; `path` is its socket.

    It lies in a folder of its own: a socket's path has at most 108 bytes (unix(7)), and a run's folder may be deep.
    """

    def __init__(self, client: Client, run: Claimed, lease: Lease) -> None:
        self._client, self._run, self._lease = client, run, lease
        self._folder = Path(tempfile.mkdtemp(prefix="ask-"))
        self.path = str(self._folder / "socket")
        self._one = threading.Lock()
        self._asked = 0
        self._over = threading.Event()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.path)
        self._socket.listen()
        threading.Thread(target=self._accept, name="ask", daemon=True).start()

    def close(self) -> None:
        """Take no further question; what waits gets no answer."""
        self._over.set()
        with suppress(OSError):  # wakes the thread that accepts
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), name="ask", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rw", encoding="utf-8") as stream, suppress(OSError):
            told = self._told(stream)
            if told is not None:
                stream.write(json.dumps(told, ensure_ascii=False) + "\n")

    def _told(self, stream: IO[str]) -> dict[str, Any] | None:
        """Return what a command's line is answered with; None when the run is not the worker's any more."""
        try:
            given = json.loads(stream.readline(LINE_MAX))
        except ValueError:
            given = None
        if not isinstance(given, dict):
            return {"error": "send one line with a JSON object"}
        seconds = given.pop("deadline_seconds", None)
        if isinstance(seconds, int):
            given["deadline"] = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
        try:
            with self._one:
                return self._asked_and_answered(given)
        except Lost as refusal:
            self._lease.lose(refusal.detail)
        except Refused as refusal:
            return {"error": str(refusal)}
        except Unreachable as problem:
            return {"error": f"the service does not answer: {problem}"}
        return None

    def _asked_and_answered(self, given: dict[str, Any]) -> dict[str, Any] | None:
        self._asked += 1
        key = f"{self._run.run_id}.{self._run.fence}.ask.{self._asked}"
        question = self._client.ask(self._run, given, self._lease.deadline, key)
        pause = _FIRST_LOOK
        with self._lease.resting():
            while question["status"] == "open" and not self._over.wait(pause):
                pause = min(pause * 2, _LONGEST_LOOK, self._lease.seconds / 3)
                looked = time.monotonic()
                question = self._client.question(self._run, question["id"], self._lease.deadline)
                self._lease.deadline.until = looked + self._lease.seconds
        if question["status"] == "closed":
            self._lease.lose("the run came to its end while it waited for an answer")
        return question if question["status"] == "answered" else None
