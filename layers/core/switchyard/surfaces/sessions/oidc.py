"""Sign in by OpenID Connect: to the issuer, and back with a code (docs/console.md, "Sign-in").

What binds the answer to the browser is a cookie with a secret of its own: state, nonce and code verifier are derived
from it, so that nothing is written before somebody is known.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from switchyard.aws.telemetry import logger
from switchyard.domain import tokens
from switchyard.domain.errors import Busy, Invalid
from switchyard.domain.oidc import FLOW_SECONDS, SignInRefused
from switchyard.domain.text import one_line
from switchyard.http import cookies
from switchyard.http.call import Opened, Reply
from switchyard.http.request import Request
from switchyard.ledger import oidc as verbs
from switchyard.surfaces.sessions.models import BeginOidc, FinishOidc
from switchyard.surfaces.sessions.provider import Provider

_CONSOLE, _CALLBACK = "/console", "/v1/session/oidc/callback"
#: Seconds of an invocation that are kept for what follows when the issuer has answered: a session is written.
_RESERVE = 5.0
#: Characters that are kept of a person's name, as the issuer has it.
_NAME_MAX = 100
#: Where the sign-in may lead: the console's own pages. A browser takes `%2e` for a dot (URL Standard, path state).
_NEXT = re.compile(r"/console(?![^?]*(?:\.|%2[eE]){2})(/(?!sign-in)[\w./~%-]*)?(\?[\w./~%&=+:*!,;@-]*)?", re.ASCII)


def begin(opened: Opened[None, BeginOidc]) -> Reply:
    """Lead to the issuer, or to the sign-in page with what is wrong."""
    try:
        return _begun(opened)
    except SignInRefused as refusal:
        return _back(opened.request, refusal)


def _begun(opened: Opened[None, BeginOidc]) -> Reply:
    provider = _provider(opened)
    secret = tokens.new_token()
    wanted = opened.query.next or _CONSOLE
    following = wanted if _NEXT.fullmatch(wanted) else _CONSOLE
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": f"{opened.request.base_url}{_CALLBACK}",
        "scope": "openid email profile",
        "state": _derived(secret, "state"),
        "nonce": _derived(secret, "nonce"),
        "code_challenge": tokens.challenge(_derived(secret, "verifier")),
        "code_challenge_method": "S256",
    }
    endpoint = provider.endpoint("authorization_endpoint")
    location = f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"
    kept = base64.urlsafe_b64encode(following.encode()).decode()
    return Reply(303, None, _headers(location), cookies=(cookies.keep_flow(f"{secret}.{kept}", FLOW_SECONDS),))


def finish(opened: Opened[None, FinishOidc]) -> Reply:
    """Begin a session of a person who comes back from the issuer, or lead to the sign-in with what is wrong."""
    try:
        return _finished(opened)
    except SignInRefused as refusal:
        return _back(opened.request, refusal)
    except Busy as busy:
        # A person is at a browser, and the code is used up: the same address again would not do.
        return _back(opened.request, SignInRefused("slow", busy.detail))


def _finished(opened: Opened[None, FinishOidc]) -> Reply:
    request, query, provider = opened.request, opened.query, _provider(opened)
    secret, _, kept = (cookies.flow_of(request) or "").partition(".")
    # As bytes: of texts it compares ASCII alone, and raises for others.
    state = (query.state or "").encode()
    if not tokens.well_formed(secret) or not hmac.compare_digest(_derived(secret, "state").encode(), state):
        raise SignInRefused("over", "The sign-in was not begun in this browser, or took too long.")
    if query.iss not in (None, provider.issuer):
        raise SignInRefused("issuer", "Another issuer answered.")
    if query.error or not query.code:
        raise SignInRefused("denied", f"The issuer says {(query.error or 'nothing')[:80]!r}.")
    redirect_uri = f"{request.base_url}{_CALLBACK}"
    id_token = provider.redeem(query.code, _derived(secret, "verifier"), redirect_uri)
    claims = provider.claims(id_token, _derived(secret, "nonce"))
    email = claims.get("email")
    if not isinstance(email, str) or not _is_verified(claims):
        raise SignInRefused("unverified", "The issuer does not say that the address is verified.")
    browser, subject = request.headers.get("user-agent", ""), f"{provider.issuer} {claims['sub']}"[:1_000]
    given = claims.get("name")
    name = one_line(given, _NAME_MAX).strip() if isinstance(given, str) else ""
    try:
        row, session = verbs.sign_in(opened.table, email, subject, name, browser, request.id)
    except Invalid as problem:
        raise SignInRefused("unverified", problem.detail) from None
    location = _following(kept)
    logged = {"tenant": row.actor.tenant_id, "actor": row.actor.id}
    return Reply(
        303, None, _headers(location), cookies=(cookies.keep(session, row), cookies.drop_flow()), logged=logged
    )


def _following(kept: str) -> str:
    """Return where the cookie of a sign-in says that it leads; to the console for what cannot be read or is no page."""
    try:
        found = base64.urlsafe_b64decode(kept.encode()).decode()
    except ValueError:
        return _CONSOLE
    return found if _NEXT.fullmatch(found) else _CONSOLE


def _is_verified(claims: Mapping[str, Any]) -> bool:
    """Tell whether the issuer vouches for the address. Cognito says so as text; Entra in a claim of its own."""
    return any(claims.get(name) is True or claims.get(name) == "true" for name in ("email_verified", "xms_edov"))


def _provider(opened: Opened[None, Any]) -> Provider:
    """Return the issuer, which has the time that the request has left, and no more however many calls it takes."""
    found = Provider.from_environment(opened.table.deadline - _RESERVE)
    if found is None:
        raise SignInRefused("issuer", "No issuer is set.")
    return found


def _back(request: Request, refusal: SignInRefused) -> Reply:
    """Lead to the sign-in page, which has words for each code."""
    logger.warning(
        "sign-in refused", extra={"code": refusal.code, "detail": refusal.detail[:300], "request_id": request.id}
    )
    return Reply(303, None, _headers(f"/console/sign-in?problem={refusal.code}"), cookies=(cookies.drop_flow(),))


def _headers(location: str) -> dict[str, str]:
    return {"location": location, "referrer-policy": "no-referrer"}


def _derived(secret: str, what: str) -> str:
    """Return one of the values that only this browser's sign-in has: 43 characters, base64url."""
    digest = hmac.new(secret.encode(), f"oidc {what}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
