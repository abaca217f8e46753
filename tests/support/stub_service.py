"""An AWS service that misbehaves as told: real connections on 127.0.0.1, a line of a script for each request."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any
from zlib import crc32

#: Answers one request on its connection; returns whether the connection stays.
Line = Callable[[socket.socket], bool]


def http(body: bytes, status: int = 200, **headers: str) -> bytes:
    """Return the bytes of an answer with its length and the headers (`x_amz_crc32="1"`)."""
    lines = [f"HTTP/1.1 {status} Word", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def says(said: Any, status: int = 200, **headers: str) -> Line:
    """The service's JSON, with its checksum."""
    body = json.dumps(said).encode()
    return raw(http(body, status, **{"x_amz_crc32": str(crc32(body)), **headers}))


def refuses(code: str, status: int = 400, **more: Any) -> Line:
    """An error as DynamoDB words it."""
    return says({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "why", **more}, status)


def raw(data: bytes, stays: bool = True, after: float = 0) -> Line:
    """These bytes, and then the end of the connection if it does not stay."""

    def line(connection: socket.socket) -> bool:
        time.sleep(after)
        connection.sendall(data)
        return stays

    return line


def drips(data: bytes, pause: float) -> Line:
    """These bytes, one by one, each after a pause (seconds)."""

    def line(connection: socket.socket) -> bool:
        for position in range(len(data)):
            time.sleep(pause)
            connection.sendall(data[position : position + 1])
        return True

    return line


def resets(connection: socket.socket) -> bool:
    """No answer: the connection is torn down."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def hangs_up(connection: socket.socket) -> bool:
    """No answer: the connection ends."""
    return False


def closes_afterwards(line: Line) -> Line:
    """The line, and the end of the connection without a word of it in the headers."""

    def closing(connection: socket.socket) -> bool:
        line(connection)
        return False

    return closing


class StubService:
    """Listens while it is entered; answers the n-th request with the n-th line, and hangs up when there are no more."""

    def __init__(self, *script: Line, tls: Any = None) -> None:
        self.script = list(script)
        #: Each request that came whole: its headers, in lower case, and its JSON.
        self.requests: list[tuple[dict[str, str], Any]] = []
        self.connections = 0
        self._tls = tls
        self._ends: list[socket.socket] = []

    def __enter__(self) -> "StubService":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for each in (self._listener, *self._ends):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def environment(self, **more: str) -> Mapping[str, str]:
        """Return variables that point a client here."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            **more,
        }

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._ends.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._ends.append(connection)
            with connection:
                while request := _request(connection):
                    self.requests.append(request)
                    if not (self.script and self.script.pop(0)(connection)):
                        return


def _request(connection: socket.socket) -> tuple[dict[str, str], Any] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65_536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {":request": first} | {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    while len(body) < int(headers.get("content-length", 0)):
        if not (more := connection.recv(65_536)):
            return None
        body += more
    return headers, json.loads(body) if body else None
