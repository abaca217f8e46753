"""Stands for `sam` where there is no container engine: `build` does nothing, `local start-api --port N` serves the
local stack's own API, whose port is in FAKE_SAM_TARGET. What it was asked goes to FAKE_SAM_LOG.
"""

import os
import signal
import socket
import sys
import threading
from pathlib import Path


def forward(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes one way until the source ends."""
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def serve(port: int, target: int) -> None:
    """Carry each connection to the target and back."""
    server = socket.create_server(("127.0.0.1", port))
    while True:
        client, _ = server.accept()
        onward = socket.create_connection(("127.0.0.1", target))
        for pair in ((client, onward), (onward, client)):
            threading.Thread(target=forward, args=pair, daemon=True).start()


def interrupted(*_: object) -> None:
    """Say that the command was ended in an orderly way."""
    note("interrupted")
    os._exit(0)


def note(line: str) -> None:
    """Add a line to the log."""
    with Path(os.environ["FAKE_SAM_LOG"]).open("a", encoding="utf-8") as log:
        log.write(line + "\n")


if __name__ == "__main__":
    note(" ".join(sys.argv[1:-1] if "--port" in sys.argv else sys.argv[1:]))
    if sys.argv[1:3] == ["local", "start-api"]:
        signal.signal(signal.SIGINT, interrupted)
        serve(int(sys.argv[-1]), int(os.environ["FAKE_SAM_TARGET"]))
