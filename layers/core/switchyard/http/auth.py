"""Who is calling: a bearer token or a session's cookie, looked up by its digest and remembered for a while."""

import time
from collections.abc import Mapping

from switchyard.domain import tokens
from switchyard.domain.errors import Unauthorized
from switchyard.http.request import Request
from switchyard.store.table import Table
from switchyard.store.tokens import TokenRow, find

#: Seconds that a container trusts what it read: a revoked token is refused everywhere within this time.
CACHE_SECONDS = 30
_CACHE_MAX = 1_000
_UNKNOWN = "The token is unknown, revoked or expired."

_cache: dict[str, tuple[float, TokenRow]] = {}


def bearer(headers: Mapping[str, str]) -> str:
    """Return the token of the Authorization header; raises Unauthorized when there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("No bearer token: send the header `Authorization: Bearer sy_…`.")
    return token.strip()


def authenticate(request: Request, table: Table) -> TokenRow:
    """Return the caller's token, or session where there is a cookie and no Authorization header.

    A damaged one is refused by its checksum, without a read. Raises Unauthorized with one text for unknown, revoked and
    expired ones, and CrossSite for a cookie that a page of another site may have sent.
    """
    if "authorization" in request.headers:
        return opened_by(bearer(request.headers), table, session=False)
    # Imported here: most callers have a token, and each module costs a cold start.
    from switchyard.http import cookies

    secret = cookies.secret_of(request)
    if secret is None:
        return opened_by(bearer(request.headers), table, session=False)
    cookies.check_site(request)
    return opened_by(secret, table, session=True)


def opened_by(secret: str, table: Table, *, session: bool) -> TokenRow:
    """Return the row that a secret opens, as a session or as a token: neither counts as the other."""
    if not tokens.well_formed(secret):
        raise Unauthorized("The token is not a valid token: its form or checksum is wrong.")
    row = _read(tokens.digest(secret), table)
    if (row.session is not None) is not session:
        raise Unauthorized(_UNKNOWN)
    if row.parent is not None:
        # The session goes on only while the token does that it was made from.
        _read(row.parent, table)
    return row


def _read(digest: str, table: Table) -> TokenRow:
    now = time.monotonic()
    known = _cache.get(digest)
    if known is None or known[0] <= now or not known[1].usable:
        row = find(table, digest)
        if row is None:
            raise Unauthorized(_UNKNOWN)
        if len(_cache) >= _CACHE_MAX:
            _cache.clear()
        known = _cache[digest] = (now + CACHE_SECONDS, row)
    if not known[1].usable:
        raise Unauthorized(_UNKNOWN)
    return known[1]


def forget(digest: str) -> None:
    """Read a token or session anew when it is next used: this container has just changed it."""
    _cache.pop(digest, None)


def forget_all() -> None:
    """Empty the cache (tests, and a restored snapshot)."""
    _cache.clear()
