"""The way out to endpoints that clients name: never to an address inside, and never to another than was checked."""

import ipaddress
import math
import os
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import h11

URL_MAX = 2_048
#: Seconds for a whole attempt, from looking the name up until the answer's status is read: below the function's
#: time-out with room for what is written before and after.
SECONDS = 10.0
_CONNECT_SECONDS = 3.0
_CHUNK = 65_536
# Addresses that carry an IPv4 address inside, which may be a private one; and site-local ones (fec0::/10), which Python
# takes for global though RFC 3879 took them out of use: networks that still have them use them inside.
_REFUSED = [
    ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10")
]
#: The characters of RFC 3986, appendix A.
_URL = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
#: Names, and what ends in them, that lead to no public host.
_INSIDE = ("localhost", "internal", "local")


class Unreachable(Exception):
    """No answer came: the name leads nowhere or to a forbidden address, the connection failed, or it took too long."""


class BadUrl(ValueError):
    """The URL is none that events can go to."""


def local_allowed() -> bool:
    """Return whether plain HTTP and inside addresses are allowed: on a developer's machine alone."""
    return os.environ.get("WEBHOOKS_LOCAL") == "true"


def check_url(url: str) -> None:
    """Raise BadUrl unless events may be sent to the URL, as far as its text shows."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadUrl("is not a valid URL") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and local_allowed()):
        raise BadUrl("is not https")
    if not host or not _URL.fullmatch(url):
        raise BadUrl("has no host, or characters that must be percent-encoded")
    if parts.username is not None or parts.fragment:
        raise BadUrl("has a user name or a fragment")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not _NAME.fullmatch(host):
            raise BadUrl("names a host as no host can be named") from None
        labels = host.rstrip(".").split(".")
        if not local_allowed() and (len(labels) < 2 or labels[-1] in _INSIDE):
            raise BadUrl("names a host that is not public") from None
    else:
        if not may_connect(address):
            raise BadUrl("leads to an address that is not public")


def may_connect(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether an address is public: not loopback, link-local, private, reserved, or multicast."""
    if local_allowed():
        return True
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return may_connect(address.ipv4_mapped)
        if any(address in each for each in _REFUSED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(url: str, headers: Mapping[str, str], body: str) -> int:
    """Send the body and return the answer's status; redirects are not followed, nor is the answer's body read.

    Raises Unreachable.
    """
    return post_for(url, headers, body, 0)[0]


def post_for(
    url: str, headers: Mapping[str, str], body: str, most: int, until: float = math.inf
) -> tuple[int, str, bytes]:
    """Send the body and return what `get` does. Raises Unreachable."""
    sent = body.encode()
    return _call("POST", url, {**headers, "content-length": str(len(sent))}, sent, most, until)


def get(url: str, headers: Mapping[str, str], most: int, until: float = math.inf) -> tuple[int, str, bytes]:
    """Return the answer's status, content type and body of at most so many bytes; redirects are not followed.

    `until` (time.monotonic) ends the attempt before its SECONDS are over. Raises Unreachable, for a longer body too.
    """
    return _call("GET", url, headers, b"", most, until)


def _call(
    method: str, url: str, headers: Mapping[str, str], body: bytes, most: int, until: float
) -> tuple[int, str, bytes]:
    """Send a request and return its answer; of the body nothing when `most` is 0.

    The connection goes to the very address that was checked, so that a name cannot lead elsewhere meanwhile. All of it
    takes at most SECONDS, and ends by `until`, however slowly the other side answers.
    """
    deadline = min(time.monotonic() + SECONDS, until)
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolve(parts.hostname or "", port, deadline)
    try:
        with _connect(address, port, parts, deadline) as connection:
            own = {"host": parts.netloc, "connection": "close"}
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            request = h11.Request(method=method, target=target, headers=list({**headers, **own}.items()))
            return _exchange(connection, request, body, most, deadline)
    except (OSError, h11.ProtocolError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}"[:500]) from error


def _connect(address: str, port: int, parts: SplitResult, deadline: float) -> socket.socket:
    connection = socket.create_connection((address, port), min(_CONNECT_SECONDS, _left(deadline)))
    if parts.scheme != "https":
        return connection
    try:
        connection.settimeout(_left(deadline))
        return _tls().wrap_socket(connection, server_hostname=parts.hostname)
    except BaseException:
        connection.close()
        raise


def _exchange(
    connection: socket.socket, request: h11.Request, body: bytes, most: int, deadline: float
) -> tuple[int, str, bytes]:
    """Send one request and return its final answer: those before it (1xx) announce it only."""
    http = h11.Connection(our_role=h11.CLIENT)
    connection.settimeout(_left(deadline))
    events = (request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage())
    connection.sendall(b"".join(http.send(each) or b"" for each in events))
    status, kind, read = 0, "", b""
    while True:
        event = http.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
            kind = next((value.decode("latin-1") for name, value in event.headers if name == b"content-type"), "")
            if not most:
                return status, kind, b""
        elif isinstance(event, h11.Data):
            read += event.data
            if len(read) > most:
                raise Unreachable(f"The answer has more than {most} bytes.")
        elif isinstance(event, h11.EndOfMessage):
            return status, kind, read
        elif event is h11.NEED_DATA:
            # A new time-out for each read: what is left of the whole.
            connection.settimeout(_left(deadline))
            http.receive_data(connection.recv(_CHUNK))
        elif not isinstance(event, h11.InformationalResponse):
            raise Unreachable("The connection was closed before an answer came.")


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _left(deadline: float) -> float:
    """Return the seconds until the deadline. Raises Unreachable when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise Unreachable(f"No answer came in time: within {SECONDS:g} seconds at most.")
    return left


def _resolve(host: str, port: int, deadline: float) -> str:
    """Return the first address of a host when all of its addresses may be connected to."""
    try:
        found = _look_up(host, port, deadline)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} has no address: {error}") from error
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    for each in addresses:
        if not may_connect(ipaddress.ip_address(each)):
            raise Unreachable(f"{host} leads to {each}, which is not public")
    return addresses[0]


def _look_up(host: str, port: int, deadline: float) -> list[Any]:
    """Look a name up, in a thread: the resolver knows no time-out, and who owns the name decides how long it takes."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        found = answers.get(timeout=_left(deadline))
    except queue.Empty:
        raise Unreachable(f"{host} was not found within {SECONDS:g} seconds") from None
    if isinstance(found, Exception):
        raise found
    return list(found)
