"""Who is calling: a bearer token or a session's cookie, looked up by its digest and remembered for a while."""

import math
import time
from collections.abc import Mapping

from switchyard.domain import clock, tokens
from switchyard.domain.errors import TooManyRequests, Unauthorized
from switchyard.http.operation import Reads
from switchyard.http.request import Request
from switchyard.store import keys
from switchyard.store.table import Ahead, Table
from switchyard.store.tokens import TokenRow, find

#: Seconds that a container trusts what it read: a revoked token is refused everywhere within this time.
CACHE_SECONDS = 30
_CACHE_MAX = 1_000
_NONE = "No bearer token: send the header `Authorization: Bearer sy_…`."
_MALFORMED = "The token is not a valid token: its form or checksum is wrong."
_UNKNOWN = "The token is unknown, revoked or expired."
_NOTHING: tuple[float, TokenRow | None] = (0.0, None)

_cache: dict[str, tuple[float, TokenRow]] = {}


def bearer(headers: Mapping[str, str]) -> str:
    """Return the token of the Authorization header; raises Unauthorized when there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(_NONE)
    return token.strip()


def authenticate(request: Request, table: Table, reads: Reads | None = None) -> tuple[TokenRow, Table]:
    """Return the caller's token, or session where there is a cookie and no Authorization header, and the table to use.

    Where it is not remembered and names its tenant, the rows that `reads` tells are read with it, for that table.
    A damaged one is refused by its checksum, without a read. Raises Unauthorized with one text for unknown, revoked and
    expired ones, CrossSite for a cookie that a page of another site may have sent,
    and TooManyRequests for one that is held back.
    """
    if "authorization" in request.headers:
        row, table = _opened(bearer(request.headers), table, False, reads, request.path_parameters)
        if row.resource and not f"{request.path}/".startswith(f"{row.resource}/"):
            raise Unauthorized(f"The token was made for {row.resource} alone.")
        return row, table
    # Imported here: most callers have a token, and each module costs a cold start.
    from switchyard.http import cookies

    secret = cookies.secret_of(request)
    if secret is None:
        raise Unauthorized(_NONE)
    cookies.check_site(request)
    return _opened(secret, table, True, reads, request.path_parameters)


def opened_by(secret: str, table: Table, *, session: bool) -> TokenRow:
    """Return the row that a secret opens, as a session or as a token: neither counts as the other."""
    return _opened(secret, table, session, None, {})[0]


def _opened(
    secret: str, table: Table, session: bool, reads: Reads | None, path: Mapping[str, str]
) -> tuple[TokenRow, Table]:
    if not tokens.well_formed(secret):
        raise Unauthorized(_MALFORMED)
    digest = tokens.digest(secret)
    row, used = _remembered(digest), table
    if row is None:
        tenant = _tenant_of(secret)
        beside = reads(tenant, path) if reads and tenant else ()
        ahead = Ahead(table, [keys.token(digest), *beside]) if beside else table
        row = _read(digest, ahead)
        # Whoever makes a token up can name any tenant in it: only a token's row says whose rows it opens.
        if row.actor.tenant_id == tenant:
            used = ahead
    if row.limited_until:
        _check_limit(row.limited_until)
    if (row.session is not None) is not session:
        raise Unauthorized(_UNKNOWN)
    made_from = row.parent
    while made_from is not None:
        # It goes on only while that does which it was made from: a session a token's, a program's token its session.
        parent = _remembered(made_from) or _read(made_from, table)
        if parent.limited_until:
            _check_limit(parent.limited_until)
        made_from = parent.parent
    return row, used


def _tenant_of(secret: str) -> str | None:
    try:
        return tokens.tenant_of(secret)
    except ValueError:
        raise Unauthorized(_MALFORMED) from None


def _remembered(digest: str) -> TokenRow | None:
    """Return the row that was read of late, if it opens something still."""
    until, row = _cache.get(digest, _NOTHING)
    return row if row and until > time.monotonic() and row.usable else None


def _read(digest: str, table: Table) -> TokenRow:
    now = time.monotonic()
    row = find(table, digest)
    if row is None:
        raise Unauthorized(_UNKNOWN)
    if len(_cache) >= _CACHE_MAX:
        _cache.clear()
    _cache[digest] = (now + CACHE_SECONDS, row)
    if not row.usable:
        raise Unauthorized(_UNKNOWN)
    return row


def _check_limit(until: str) -> None:
    if until > clock.now():
        raise TooManyRequests(math.ceil(clock.milliseconds(until) / 1_000 - time.time()))


def forget(digest: str) -> None:
    """Read a token or session anew when it is next used: this container has just changed it."""
    _cache.pop(digest, None)


def forget_all() -> None:
    """Empty the cache (tests, and a restored snapshot)."""
    _cache.clear()
