"""The way out to endpoints that clients name: never to an address inside, and never to another than was checked."""

import ipaddress
import os
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import urllib3

URL_MAX = 2_048
_CONNECT_SECONDS, _READ_SECONDS = 3.0, 10.0
# Addresses that carry an IPv4 address inside, which may be a private one.
_CARRIERS = [ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]


class Unreachable(Exception):
    """No answer came: the name leads nowhere or to a forbidden address, the connection failed, or it took too long."""


class BadUrl(ValueError):
    """The URL is none that events can go to."""


def local_allowed() -> bool:
    """Tell whether plain HTTP and inside addresses are allowed: on a developer's machine alone."""
    return os.environ.get("WEBHOOKS_LOCAL") == "true"


def check_url(url: str) -> None:
    """Raise BadUrl unless events may be sent to the URL, as far as its text tells."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadUrl("is not a valid URL") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and local_allowed()):
        raise BadUrl("is not https")
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise BadUrl("has no host, or characters that must be percent-encoded")
    if parts.username is not None or parts.fragment:
        raise BadUrl("has a user name or a fragment")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not local_allowed() and (
            "." not in host or host.rstrip(".").endswith((".localhost", ".internal", ".local"))
        ):
            raise BadUrl("names a host that is not public") from None
    else:
        if not may_connect(address):
            raise BadUrl("leads to an address that is not public")


def may_connect(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address is public: not loopback, link-local, private, reserved, or multicast."""
    if local_allowed():
        return True
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return may_connect(address.ipv4_mapped)
        if any(address in each for each in _CARRIERS):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(url: str, headers: Mapping[str, str], body: str) -> int:
    """Send the body and return the answer's status; redirects are not followed.

    The connection goes to the very address that was checked, so that a name cannot lead elsewhere meanwhile.
    Raises Unreachable.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
    address = _resolve(host, port)
    pool: urllib3.HTTPConnectionPool
    if parts.scheme == "https":
        pool = urllib3.HTTPSConnectionPool(
            address, port, timeout=timeout, cert_reqs="CERT_REQUIRED", server_hostname=host, assert_hostname=host
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with pool:
            answer = pool.request(
                "POST",
                target,
                body=body.encode(),
                headers={**headers, "host": parts.netloc},
                retries=False,
                redirect=False,
                preload_content=False,
            )
            answer.close()
            return answer.status
    except urllib3.exceptions.HTTPError as error:
        raise Unreachable(f"{type(error).__name__}: {error}"[:500]) from error


def _resolve(host: str, port: int) -> str:
    """Return the first address of a host when all of its addresses may be connected to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"{host} has no address: {error}") from error
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    for each in addresses:
        if not may_connect(ipaddress.ip_address(each)):
            raise Unreachable(f"{host} leads to {each}, which is not public")
    return addresses[0]
