"""Who is calling: a bearer token, looked up by its digest and remembered for a while by each container."""

import time
from collections.abc import Mapping

from switchyard.domain import tokens
from switchyard.domain.errors import Unauthorized
from switchyard.store.table import Table
from switchyard.store.tokens import TokenRow, find

#: Seconds that a container trusts what it read: a revoked token is refused everywhere within this time.
CACHE_SECONDS = 30
_CACHE_MAX = 1_000

_cache: dict[str, tuple[float, TokenRow]] = {}


def bearer(headers: Mapping[str, str]) -> str:
    """Return the token of the Authorization header; raises Unauthorized when there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("No bearer token: send the header `Authorization: Bearer sy_…`.")
    return token.strip()


def authenticate(headers: Mapping[str, str], table: Table) -> TokenRow:
    """Return the caller's token; a damaged one is refused by its checksum, without a read.

    Raises Unauthorized with one text for unknown, revoked and expired tokens.
    """
    token = bearer(headers)
    if not tokens.well_formed(token):
        raise Unauthorized("The token is not a valid token: its form or checksum is wrong.")
    digest = tokens.digest(token)
    now = time.monotonic()
    known = _cache.get(digest)
    if known is None or known[0] <= now:
        row = find(table, digest)
        if row is None:
            raise Unauthorized("The token is unknown, revoked or expired.")
        if len(_cache) >= _CACHE_MAX:
            _cache.clear()
        known = _cache[digest] = (now + CACHE_SECONDS, row)
    if not known[1].usable:
        raise Unauthorized("The token is unknown, revoked or expired.")
    return known[1]


def forget_all() -> None:
    """Empty the cache (tests, and a restored snapshot)."""
    _cache.clear()
