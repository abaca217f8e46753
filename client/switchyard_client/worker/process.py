"""The command that carries out a run: a process group of its own, its output line by line."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

#: Bytes of one line; longer ones arrive in pieces.
LINE_MAX = 8_192
#: Seconds for which output of a command that has ended is still read, and between two looks at it.
_DRAIN, _LOOK = 10.0, 0.1

#: Takes the stream's name and one line. It may block: so does the command then, once its pipe is full.
Sink = Callable[[str, str], None]


class Command:
    """A shell command in a folder, given a text on its standard input."""

    def __init__(self, command: str, folder: Path, environment: Mapping[str, str], given: str, sink: Sink) -> None:
        self._sink = sink
        self.last_error = ""
        #: The streams whose last line the sink has not taken yet.
        self._busy: set[str] = set()
        # The command is the operator's own; nothing of a task is part of it.
        self._process = subprocess.Popen(  # noqa: S602
            command,
            shell=True,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        stdin, pipes = self._process.stdin, {"stdout": self._process.stdout, "stderr": self._process.stderr}
        self._readers = [self._start(self._read, name, pipe) for name, pipe in pipes.items()]
        self._start(self._write, stdin, given.encode())

    @staticmethod
    def _start(target: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=arguments, name="pipe", daemon=True)
        thread.start()
        return thread

    @staticmethod
    def _write(pipe: IO[bytes], given: bytes) -> None:
        with suppress(BrokenPipeError), pipe:  # a command need not read what it is given
            pipe.write(given)

    def _read(self, name: str, pipe: IO[bytes]) -> None:
        with pipe:
            while raw := pipe.readline(LINE_MAX):
                line = raw.decode(errors="replace").rstrip("\r\n")
                if name == "stderr" and line.strip():
                    self.last_error = line.strip()
                self._busy.add(name)
                self._sink(name, line)
                self._busy.discard(name)

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def finish(self) -> None:
        """End what the command left behind when it exited, and read its output to the end.

        A process that left the group may hold the pipes open: it is not waited for longer than _DRAIN seconds, unless
        it is the sink that takes its time.
        """
        self._signal(signal.SIGKILL)
        since = time.monotonic()
        while reading := [each for each in self._readers if each.is_alive()]:
            reading[0].join(_LOOK)
            since = time.monotonic() if self._busy else since
            if time.monotonic() - since > _DRAIN:
                return

    def end(self, grace: float) -> None:
        """Ask the command's process group to end, and kill it when it has not done so within `grace` seconds."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):  # all of the group have ended
            os.killpg(self._process.pid, number)
