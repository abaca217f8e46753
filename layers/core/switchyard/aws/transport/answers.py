"""Answers in HTTP/1.1, read strictly: what is not whole, or not clearly whole, is refused."""

import time
from typing import Any, NamedTuple

from switchyard.aws.errors import Unreachable

#: Bytes of status line and headers, and of a body: DynamoDB's largest answer is 16 MB (BatchGetItem).
HEAD_MAX = 65_536
BODY_MAX = 64 * 1_048_576
_CHUNK_LINE_MAX = 1_024
#: A larger buffer costs more than the rest of a call's system calls: malloc maps it anew each time.
_RECEIVED_AT_ONCE = 65_536
_BLANK_LINE = b"\r\n\r\n"
_LENGTHS = ("content-length", "transfer-encoding")


class Answer(NamedTuple):
    """One answer: header names in lower case; `reusable` says whether another request may follow on the connection."""

    status: int
    headers: dict[str, str]
    body: bytes
    reusable: bool = True


def time_left(until: float) -> float:
    """Return the seconds until then (time.monotonic()), for the next wait. Raises TimeoutError when there are none."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time is over")
    return left


class Reader:
    """Reads one answer from a socket, all of it before `until` (time.monotonic())."""

    def __init__(self, sock: Any, until: float) -> None:
        self._sock = sock
        self._until = until
        self._buffer = bytearray()

    def answer(self) -> Answer:
        """Read it whole. Raises Unreachable if it is not whole, too large, or not HTTP as AWS speaks it; OSError."""
        status, version, headers = self._head()
        while 100 <= status < 200:
            status, version, headers = self._head()
        if headers.get("content-encoding", "identity") != "identity":
            raise Unreachable("The answer is compressed, which was not asked for.")
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked" or "content-length" in headers:
                raise Unreachable("The answer's length is not known.")
            body = self._chunks()
        elif status in (204, 304):
            body = b""
        else:
            body = self._take(_number(headers.get("content-length", ""), 10))
        # Bytes behind the answer belong to no request: nobody knows what would come next.
        stays = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close" and not self._buffer
        return Answer(status, headers, body, stays)

    def _head(self) -> tuple[int, str, dict[str, str]]:
        first, *lines = self._line(_BLANK_LINE, HEAD_MAX).decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        code = rest[:3]
        if version not in ("HTTP/1.1", "HTTP/1.0") or not code.isdecimal() or rest[3:4] not in ("", " "):
            raise Unreachable("The answer is not HTTP.")
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise Unreachable("The answer's headers make no sense.")
            name, value = name.lower(), value.strip()
            if name in _LENGTHS and headers.get(name, value) != value:
                raise Unreachable("The answer's length is not known.")
            # Of a header that comes twice the first counts: none that is read here may.
            headers.setdefault(name, value)
        return int(code), version, headers

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := _number(self._line(b"\r\n", _CHUNK_LINE_MAX).partition(b";")[0].decode("latin-1").strip(), 16):
            if len(body) + size > BODY_MAX:
                raise Unreachable("The answer is too large.")
            body += self._take(size)
            if self._take(2) != b"\r\n":
                raise Unreachable("The answer's chunks do not end where they say.")
        while self._line(b"\r\n", HEAD_MAX):  # trailers
            pass
        return bytes(body)

    def _line(self, end: bytes, longest: int) -> bytes:
        """Return what comes before the next `end`, and drop both."""
        searched = 0
        while (at := self._buffer.find(end, searched)) < 0:
            searched = max(0, len(self._buffer) - len(end) + 1)
            if len(self._buffer) > longest:
                raise Unreachable("A line of the answer is too long.")
            self._more()
        if at > longest:
            raise Unreachable("A line of the answer is too long.")
        found = bytes(self._buffer[:at])
        del self._buffer[: at + len(end)]
        return found

    def _take(self, size: int) -> bytes:
        if size > BODY_MAX:
            raise Unreachable("The answer is too large.")
        while len(self._buffer) < size:
            self._more()
        found = bytes(self._buffer[:size])
        del self._buffer[:size]
        return found

    def _more(self) -> None:
        self._sock.settimeout(time_left(self._until))
        received = self._sock.recv(_RECEIVED_AT_ONCE)
        if not received:
            raise Unreachable("The connection ended before the answer did.")
        self._buffer += received


def _number(text: str, base: int) -> int:
    digits = "0123456789abcdef"[:base]
    if not 0 < len(text) <= 16 or text.lower().strip(digits):
        raise Unreachable("The answer's length is not known.")
    return int(text, base)
