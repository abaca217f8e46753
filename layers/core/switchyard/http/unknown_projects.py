"""The header that tells of projects which a request named and the tenant does not have.

`Projects-Unknown` is a List of Structured Fields (RFC 9651), so that any name fits into it: a String, or a Display
String where the name is not ASCII; the parameter `id` is that of the project which is called so. The Warning header
that HTTP once had is obsolete (RFC 9111, section 5.5).
"""

from collections.abc import Mapping

#: Characters after which no further names are added. API Gateway takes 10,240 bytes of headers.
_ENOUGH = 2_000


def header(named: Mapping[str, str | None]) -> str:
    """Return the header's value for names, each with the id of the project that is called so."""
    members = ""
    for name, project_id in named.items():
        member = _text(name) + (f';id="{project_id}"' if project_id else "")
        members += f", {member}" if members else member
        if len(members) > _ENOUGH:
            break
    return members


def _text(name: str) -> str:
    if name.isascii() and name.isprintable():
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return '%"' + "".join(map(_encoded, name.encode("utf-8", "surrogatepass"))) + '"'


def _encoded(byte: int) -> str:
    """Return a byte of a Display String (RFC 9651, section 4.1.11)."""
    return chr(byte) if 0x20 <= byte <= 0x7E and byte not in b'%"' else f"%{byte:02x}"
