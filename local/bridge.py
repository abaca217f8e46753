"""The address of this machine that containers reach it by: `make run CONTAINERS=1`, or `CONTAINERS=address`.

A container's 127.0.0.1 is its own. The address of the container bridge is this machine's, reachable from it and from
every container, and from no other machine; so it can be used in a presigned address, which both have to reach.
"""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct

from local.steps import StepFailed

#: The bridges of Docker, of Podman as root (netavark, CNI), and of nerdctl and Finch.
BRIDGES = ("docker0", "podman0", "cni-podman0", "nerdctl0")
#: Linux' request for the IPv4 address of an interface: https://man7.org/linux/man-pages/man7/netdevice.7.html
SIOCGIFADDR = 0x8915
FIND_ONE = "start the container engine, or name an address: make run CONTAINERS=ADDRESS (docs/sam-local.md)"


def address(wanted: str) -> str:
    """The IPv4 address to listen on besides 127.0.0.1: the bridge's for "1", else the one that is given.

    Raises StepFailed unless it is an address of this machine, and for those that everybody, or no container, reaches.
    """
    if wanted == "1":
        return bridge()
    try:
        given = ipaddress.IPv4Address(wanted)
    except ValueError:
        raise StepFailed(f"CONTAINERS={wanted}: use 1 or an IPv4 address of this machine", hint=FIND_ONE) from None
    if given.is_unspecified:
        raise StepFailed(
            f"CONTAINERS={wanted} is refused: any machine of the network could use the stack as its administrator",
            hint="CONTAINERS=1 takes the address of the container bridge, which this machine alone reaches",
        )
    if given.is_loopback:
        raise StepFailed(f"CONTAINERS={wanted}: no container reaches this machine's loopback", hint=FIND_ONE)
    if not is_own(wanted):
        raise StepFailed(f"CONTAINERS={wanted}: this machine has no such address", hint=FIND_ONE)
    return wanted


def bridge() -> str:
    """The address of the first container bridge that is up."""
    names = {name for _, name in socket.if_nameindex()}
    for name in BRIDGES:
        found = address_of(name) if name in names else None
        if found:
            return found
    raise StepFailed(f"CONTAINERS=1: none of the container bridges {', '.join(BRIDGES)} is here", hint=FIND_ONE)


def address_of(interface: str) -> str | None:
    """The IPv4 address of a network interface; None when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            answer = fcntl.ioctl(asked, SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def is_own(wanted: str) -> bool:
    """Whether this machine can listen on an address."""
    with socket.socket() as probe:
        try:
            probe.bind((wanted, 0))
        except OSError:
            return False
    return True
