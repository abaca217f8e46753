"""Access tokens: `sy_` + their tenant + 32 base62 characters (190 bits) + a base62 CRC32 of what goes before.

The tenant's id is 32 hexadecimal digits, so that its rows can be read together with the token's. Tokens of earlier
versions name no tenant, nor do secrets that are no tokens. The checksum, 6 characters, lets a damaged token be refused
without a read; only the SHA-256 of a token is ever stored.
"""

import base64
import hashlib
import hmac
import re
import secrets
import string
import zlib

from switchyard.domain import clock
from switchyard.domain.ids import parse_id

PREFIX = "sy_"
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_TENANT, _RANDOM = 32, 32
#: Of a token that names no tenant, and of one that does.
LENGTH = len(PREFIX) + _RANDOM + 6
LENGTH_MAX = LENGTH + _TENANT
_LENGTHS = frozenset({LENGTH, LENGTH_MAX})
_SECRET = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM},}}")
DURATION = r"([1-9][0-9]{0,4})([mhdw])"
_UNIT_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def _checksum(text: str) -> str:
    value, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = _ALPHABET[digit] + digits
    return digits


def new_token(tenant_id: str | None = None) -> str:
    """Return a new secret, a token's with the id of its tenant; it is shown to its owner once and never stored.

    Raises ValueError for a tenant's id that is no UUID.
    """
    named = tenant_id.replace("-", "") if tenant_id else ""
    if tenant_id and parse_id(named) != tenant_id:
        raise ValueError(f"{tenant_id} is no tenant's id")
    body = PREFIX + named + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return body + _checksum(body)


def well_formed(token: str) -> bool:
    """Return whether prefix, length and checksum fit, in constant time for the checksum."""
    if len(token) not in _LENGTHS or not token.startswith(PREFIX) or not token.isascii():
        return False
    return hmac.compare_digest(_checksum(token[:-6]), token[-6:])


def tenant_of(token: str) -> str | None:
    """Return the id of the tenant that a well-formed token names, None where it names none.

    Raises ValueError where it should name one and has something else there. What it says is no proof: its row is.
    """
    if len(token) == LENGTH:
        return None
    named = parse_id(token[len(PREFIX) : len(PREFIX) + _TENANT])
    if named is None:
        raise ValueError("the token's tenant is no id")
    return named


def digest(token: str) -> str:
    """Return the form in which a token is stored and looked up: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def challenge(verifier: str) -> str:
    """Return what shows that somebody knows a verifier, before they show it: S256 (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def redacted(text: str) -> str:
    """Return the text without anything that looks like a secret token (a client may put one in a wrong place)."""
    return _SECRET.sub(f"{PREFIX}…", text) if PREFIX in text else text


def expiry(text: str) -> str:
    """Return the instant that an ISO 8601 time, or a duration from now (`30m`, `12h`, `90d`, `2w`), names.

    Raises ValueError when the text is neither, or the instant is not in the future.
    """
    duration = re.fullmatch(DURATION, text)
    if duration:
        return clock.stamp(clock.epoch() + int(duration[1]) * _UNIT_SECONDS[duration[2]])
    end = clock.instant(text)
    if end <= clock.now():
        raise ValueError(f"{end} is in the past")
    return end
