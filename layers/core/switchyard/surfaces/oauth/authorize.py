"""The authorization endpoint: who asks for what, the consent page, and what follows from the decision."""

import hashlib
import hmac
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from switchyard.domain import oauth
from switchyard.domain.actors import Actor
from switchyard.domain.errors import CrossSite, Unauthorized
from switchyard.domain.oauth import Client, RedirectRefused
from switchyard.http import auth, cookies
from switchyard.http.call import Opened, Reply
from switchyard.http.parsing import parse_values
from switchyard.http.request import Request
from switchyard.ledger import oauth as verbs
from switchyard.ledger import sessions
from switchyard.store.table import Table
from switchyard.store.tokens import TokenRow
from switchyard.surfaces.oauth import clients, pages
from switchyard.surfaces.oauth.metadata import resource_path
from switchyard.surfaces.oauth.models import Authorize, Decide


class _Asked(NamedTuple):
    """A request that was checked. `path` is that of the resource ("": all of the service)."""

    client: Client
    redirect_uri: str
    scopes: frozenset[str]
    path: str
    leads_to: str
    form_action: str


def show(opened: Opened[None, Authorize]) -> Reply:
    """Show the consent page to a person who is signed in; lead anybody else to the sign-in, and back.

    Nothing that is wrong is ever answered by a redirect: this page leads to a registered address only after a person
    has said so (RFC 9700 §4.11.2).
    """
    request, table = opened.request, opened.table
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        # Another site's page led here: the browser keeps the cookie back (SameSite=Strict) until this origin asks.
        page = pages.passing_on(f"{request.path}?{request.query_string}")
        return Reply(200, page.encode(), pages.headers())
    session, secret = _session(request, table)
    if session is None:
        return _to_sign_in(request.query_string)
    asked = _checked(opened.query, session.actor, request, table)
    page = pages.consent(
        client=asked.client.name,
        described_at=asked.client.id if asked.client.is_described else None,
        leads_to=asked.leads_to,
        person=session.actor.name or session.actor.id,
        workspace=sessions.tenant_name(table, session.actor.tenant_id),
        scopes=sorted(asked.scopes),
        resource=f"{request.base_url}{asked.path}",
        hidden={"request": request.query_string, "csrf": _csrf(secret, request.query_string)},
    )
    return Reply(200, page.encode(), pages.headers(f"'self' {asked.form_action}"))


def decide(opened: Opened[Decide]) -> Reply:
    """Lead back to the client with a code, or with the person's refusal (RFC 6749 §4.1.2, RFC 9207)."""
    request, body, table = opened.request, opened.body, opened.table
    cookies.check_origin(request)
    session, secret = _session(request, table)
    if session is None:
        return _to_sign_in(body.request)
    if not hmac.compare_digest(_csrf(secret, body.request).encode(), body.csrf.encode()):
        raise CrossSite("The form is not one that was shown to you: connect again.")
    query = parse_values(Authorize, dict(parse_qsl(body.request, keep_blank_values=True)), "request")
    asked = _checked(query, session.actor, request, table)
    if body.decision == "deny":
        answer = {"error": "access_denied"}
    else:
        code = verbs.allow(
            table, session, asked.client, query.redirect_uri, query.code_challenge, asked.scopes, asked.path
        )
        answer = {"code": code}
    if query.state is not None:
        answer["state"] = query.state
    answer["iss"] = request.base_url
    location = f"{query.redirect_uri}{'&' if urlsplit(query.redirect_uri).query else '?'}{urlencode(answer)}"
    headers = {"location": location, "referrer-policy": "no-referrer"}
    return Reply(303, None, headers, logged={"client": asked.client.id[:200], "decision": body.decision})


def _session(request: Request, table: Table) -> tuple[TokenRow | None, str]:
    secret = cookies.secret_of(request)
    if secret is None:
        return None, ""
    try:
        return auth.opened_by(secret, table, session=True), secret
    except Unauthorized:
        return None, ""


def _to_sign_in(query: str) -> Reply:
    """Lead to the console, which comes back with the same query, and with nothing but it."""
    again = urlencode(parse_qsl(query, keep_blank_values=True))
    return Reply(303, None, {"location": f"/console/connect?{again}", "referrer-policy": "no-referrer"})


def _checked(query: Authorize, actor: Actor, request: Request, table: Table) -> _Asked:
    client = clients.find(table, query.client_id)
    parts = oauth.check_redirect(query.redirect_uri)
    if not oauth.may_redirect(query.redirect_uri, client.redirect_uris):
        raise RedirectRefused(detail="The redirect_uri is none that the client has registered.")
    if parts.scheme in ("https", "http"):
        leads_to = f"{parts.netloc}{' (this computer)' if parts.scheme == 'http' else ''}"
        # A policy has no words for an IPv6 address (Content Security Policy 3 §2.3.1): its scheme stands for it.
        form_action = "http:" if "[" in parts.netloc else f"{parts.scheme}://{parts.netloc}"
    else:
        leads_to, form_action = f"{parts.scheme}: (a program on this computer)", f"{parts.scheme}:"
    scopes = oauth.granted(query.scope, actor.scopes)
    path = resource_path(request, query.resource) or ""
    return _Asked(client, query.redirect_uri, scopes, path, leads_to, form_action)


def _csrf(secret: str, query: str) -> str:
    """Return what proves that a form was shown in this session, for this very request."""
    return hmac.new(secret.encode(), f"oauth consent\n{query}".encode(), hashlib.sha256).hexdigest()
