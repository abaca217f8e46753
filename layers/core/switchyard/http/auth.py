"""Who is calling: a bearer token or a session's cookie, looked up by its digest and remembered for a while."""

import math
import time
from collections.abc import Mapping

from switchyard.domain import clock, tokens
from switchyard.domain.errors import TooManyRequests, Unauthorized
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
    expired ones, CrossSite for a cookie that a page of another site may have sent,
    and TooManyRequests for one that is held back.
    """
    if "authorization" in request.headers:
        row = opened_by(bearer(request.headers), table, session=False)
        if row.resource and not f"{request.path}/".startswith(f"{row.resource}/"):
            raise Unauthorized(f"The token was made for {row.resource} alone.")
        return row
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
    made_from = row.parent
    while made_from is not None:
        # It goes on only while that does which it was made from: a session a token's, a program's token its session.
        made_from = _read(made_from, table).parent
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
    row = known[1]
    if not row.usable:
        raise Unauthorized(_UNKNOWN)
    if row.limited_until and row.limited_until > clock.now():
        raise TooManyRequests(math.ceil(clock.milliseconds(row.limited_until) / 1_000 - time.time()))
    return row


def forget(digest: str) -> None:
    """Read a token or session anew when it is next used: this container has just changed it."""
    _cache.pop(digest, None)


def forget_all() -> None:
    """Empty the cache (tests, and a restored snapshot)."""
    _cache.clear()
