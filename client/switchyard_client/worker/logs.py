"""What a command prints, sent to the run's log in batches, with bounded memory."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from switchyard_client.client import FINAL, Claimed, Client
from switchyard_client.errors import Lost, Refused, Unreachable
from switchyard_client.worker.lease import Lease

#: Lines that wait to be sent at most; the command waits when there are more.
WAITING_MAX = 1_000
#: A batch is sent with so many lines, so many bytes of JSON, or after so many seconds.
LINES_MAX, BYTES_MAX, SECONDS = 100, 200_000, 1.0

_END = None

Entry = dict[str, Any]


def entry(stream: str, text: str) -> Entry:
    """Return the log entry of a line that a command printed to `stdout` or `stderr`."""
    notification = {"jsonrpc": "2.0", "method": "_switchyard/output", "params": {"stream": stream, "text": text}}
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": "notification", "timestamp": moment, "notification": notification}


class Log:
    """A run's log: `put` takes lines from any thread, one thread sends them in order."""

    def __init__(self, client: Client, run: Claimed, lease: Lease) -> None:
        self._client = client
        self._run = run
        self._lease = lease
        self._waiting: queue.Queue[Entry | None] = queue.Queue(WAITING_MAX)
        self.problem: str | None = None
        self._thread = threading.Thread(target=self._send_all, name=f"log {run.run_id}", daemon=True)
        self._thread.start()

    def put(self, stream: str, text: str) -> None:
        """Add a line; waits while too many are on their way."""
        self._waiting.put(entry(stream, text))

    def close(self) -> None:
        """Send what is left; returns when all is sent or given up."""
        self._waiting.put(_END)
        self._thread.join()

    def _send_all(self) -> None:
        for batch in self._batches():
            if self._lease.lost or self.problem:
                continue  # nobody wants it any more: only make room, so that no pipe is blocked
            try:
                shown = self._client.report(self._run, "POST", "append_log", {"entries": batch}, self._lease.deadline)
            except (Lost, Unreachable) as error:
                self._lease.lose(str(error))
            except Refused as refusal:
                self.problem = f"the log was refused: {refusal}"
            else:
                if shown.get("status") in FINAL:
                    self._lease.lose(f"The run is {shown['status']}.")

    def _batches(self) -> Iterator[list[Entry]]:
        ended = False
        while not ended:
            first = self._waiting.get()
            if first is _END:
                return
            batch, size, due = [first], _size(first), time.monotonic() + SECONDS
            while len(batch) < LINES_MAX and size < BYTES_MAX:
                try:
                    following = self._waiting.get(timeout=max(0.0, due - time.monotonic()))
                except queue.Empty:
                    break
                if following is _END:
                    ended = True
                    break
                batch.append(following)
                size += _size(following)
            yield batch


def _size(given: Entry) -> int:
    return len(json.dumps(given, ensure_ascii=False).encode())
