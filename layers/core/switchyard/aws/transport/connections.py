"""Kept connections to one host: one pool serves a container, whatever it calls there.

A socket of our own and not http.client, for three reasons. Each wait is given what is left of the whole time, so that
an answer that comes byte by byte ends with the deadline; http.client gives each wait the same time. It is known whether
a byte of a request has left. And it costs less, warm and cold: docs/performance.md has the figures.
"""

import select
import socket
import time
from functools import cache
from os import environ
from typing import TYPE_CHECKING, Any

from switchyard.aws.errors import NotConfigured, Unreachable
from switchyard.aws.transport.answers import Answer, Reader, time_left

if TYPE_CHECKING:
    import ssl

#: Seconds to connect in, the TLS handshake included.
CONNECT_SECONDS = 1.0
#: Seconds after which an idle connection is not used again, by the wall clock: the monotonic one may have stood still
#: while the container was frozen. A NAT gateway drops a connection after 350 s at rest without telling its owner until
#: it is written to ("Troubleshoot NAT gateways", Amazon VPC User Guide).
IDLE_SECONDS = 60.0
KEPT_MAX = 16


class Pool:
    """Connections to one host and port. Threads may share it; each connection serves one request at a time.

    Raises NotConfigured for certificates that can not be read.
    """

    def __init__(self, host: str, port: int, is_tls: bool) -> None:
        self.host, self.port, self.is_tls = host, port, is_tls
        #: Connections at rest and since when (epoch, seconds); the last used is used first.
        self._idle: list[tuple[Any, float]] = []
        if is_tls:
            tls_context()

    def exchange(self, request: bytes, until: float) -> Answer:
        """Send a request once and return the answer. `until` (time.monotonic()) bounds all of it but the look-up of the
        host's name.

        Raises Unreachable; its `sent` is false only if no byte of the request can have reached anyone.
        """
        sock = self._kept() or self._connect(until)
        reusable = False
        try:
            self._send(sock, request, until)
            answer = Reader(sock, until).answer()
            reusable = answer.reusable
        except OSError as error:
            raise Unreachable(f"{self.host} did not answer: {error or type(error).__name__}") from error
        finally:
            if reusable and len(self._idle) < KEPT_MAX:
                self._idle.append((sock, time.time()))
            else:
                sock.close()
        return answer

    def _kept(self) -> Any:
        """Return a connection at rest whose peer is there still; None if there is none."""
        while self._idle:
            try:
                sock, since = self._idle.pop()
            except IndexError:  # another thread took it
                return None
            # Whatever there is to read on a connection at rest is its end, or nothing that was asked for.
            if 0 <= time.time() - since < IDLE_SECONDS and not _is_readable(sock):
                return sock
            sock.close()
        return None

    def _connect(self, until: float) -> Any:
        until = min(until, time.monotonic() + CONNECT_SECONDS)
        problem: OSError | None = None
        try:
            for family, kind, protocol, _, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
                sock: Any = socket.socket(family, kind, protocol)
                try:
                    sock.settimeout(time_left(until))
                    sock.connect(address)
                    # A request is written at once, then its answer is waited for: to fill a packet only costs time.
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                    if self.is_tls:
                        sock.settimeout(time_left(until))
                        sock = tls_context().wrap_socket(sock, server_hostname=self.host)
                except OSError as error:
                    sock.close()
                    problem = error
                else:
                    return sock
        except OSError as error:
            problem = error
        raise Unreachable(f"{self.host}:{self.port} could not be reached: {problem}", sent=False) from problem

    @staticmethod
    def _send(sock: Any, request: bytes, until: float) -> None:
        left = memoryview(request)
        while left:
            sock.settimeout(time_left(until))
            left = left[sock.send(left) :]


@cache
def pool_of(host: str, port: int, is_tls: bool) -> Pool:
    """Return the container's pool for a host: all its clients share one."""
    return Pool(host, port, is_tls)


def _is_readable(sock: Any) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


@cache
def tls_context() -> "ssl.SSLContext":
    """Return the TLS settings of the container. Reading the certificates takes 17 ms of CPU: it is done once.

    They are those of AWS_CA_BUNDLE, else those that botocore brings, as it does itself.
    """
    import ssl
    from importlib.util import find_spec
    from pathlib import Path

    bundle = environ.get("AWS_CA_BUNDLE")
    if not bundle:
        botocore = find_spec("botocore")
        if botocore is not None and botocore.origin:
            bundle = str(Path(botocore.origin).with_name("cacert.pem"))
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise NotConfigured(f"AWS_CA_BUNDLE: {bundle!r} cannot be read as certificates: {error}") from error
