"""The session's cookie: how it is read, set and taken away.

`__Host-` binds it to this one host, over TLS, for all paths (RFC 6265bis §4.1.3). Chromium and Firefox take 127.0.0.1
and localhost for secure; Strict, as no page of another site has to send it: the console's own page needs no session.
"""

from switchyard.domain import clock
from switchyard.domain.errors import CrossSite
from switchyard.http.request import Request
from switchyard.store.tokens import TokenRow

NAME, FLOW_NAME = "__Host-switchyard", "__Host-switchyard-oidc"
#: The header that a request with the cookie must have to change anything. A page of another site can not send it: that
#: takes a preflight, which the API answers for the origins of AllowedOrigins alone, and never allows credentials.
HEADER = "switchyard-console"
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def secret_of(request: Request) -> str | None:
    """Return the secret of the session that a request has the cookie of, None without one."""
    return _value(request, NAME)


def flow_of(request: Request) -> str | None:
    """Return what binds a sign-in at an issuer to the browser that began it, None without its cookie."""
    return _value(request, FLOW_NAME)


def _value(request: Request, wanted: str) -> str | None:
    """Return a cookie's value. An HTTP API hands cookies on apart from the headers (payload format 2.0)."""
    given = request.event.get("cookies") or request.headers.get("cookie", "").split(";")
    for each in given:
        name, _, value = each.strip().partition("=")
        if name == wanted and value:
            return str(value)
    return None


def check_site(request: Request) -> None:
    """Raise CrossSite unless it is sure that no page of another site caused the request.

    Browsers say where a request comes from in Sec-Fetch-Site (Fetch Metadata); what changes something needs HEADER too.
    """
    is_safe = request.method in _SAFE
    if not (is_safe and request.headers.get("sec-fetch-site") == "none"):
        check_origin(request)
    if not is_safe and HEADER not in request.headers:
        raise CrossSite(f"A change under a session's cookie needs the header `{HEADER}: 1`.")


def check_origin(request: Request) -> None:
    """Raise CrossSite for a request that its browser says came from another origin than this."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin":
        raise CrossSite(f"A session counts on its own origin alone; Sec-Fetch-Site is {site[:20]!r}.")


def keep(secret: str, row: TokenRow) -> str:
    """Return the Set-Cookie that keeps a session until it ends."""
    assert row.expires_at
    seconds = max(clock.milliseconds(row.expires_at) // 1000 - clock.epoch(), 0)
    return f"{NAME}={secret}; Max-Age={seconds}; {_ATTRIBUTES}"


def drop() -> str:
    """Return the Set-Cookie that takes the session's cookie away."""
    return f"{NAME}=; Max-Age=0; {_ATTRIBUTES}"


def keep_flow(value: str, seconds: int) -> str:
    """Return the Set-Cookie that binds a sign-in at an issuer to this browser. Lax: the issuer's page leads back."""
    return f"{FLOW_NAME}={value}; Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Lax"


def drop_flow() -> str:
    """Return the Set-Cookie that takes it away: it counts once."""
    return keep_flow("", 0)
