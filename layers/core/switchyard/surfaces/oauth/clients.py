"""Which program asks: one that registered, or one that describes itself in a document behind its client_id.

Client ID Metadata Documents: draft-ietf-oauth-client-id-metadata-document. The address is a stranger's: it is fetched
as webhooks are sent (pipeline/receivers.py), never for somebody who has not signed in.
"""

import time
from urllib.parse import urlsplit

from switchyard.domain import clock, oauth
from switchyard.domain.errors import Invalid
from switchyard.domain.ids import parse_id
from switchyard.domain.oauth import Client, ClientRefused
from switchyard.domain.text import one_line
from switchyard.http.parsing import parse_body
from switchyard.store import oauth as rows
from switchyard.store.table import Table
from switchyard.surfaces.oauth.models import ClientMetadata

#: Bytes of a document; the draft advises 5 KB.
DOCUMENT_MAX = 10_240
#: Seconds that a container trusts a document.
_CACHE_SECONDS, _CACHE_MAX = 300, 100
_cache: dict[str, tuple[float, Client]] = {}


def find(table: Table, client_id: str) -> Client:
    """Return a client: 1 read, or 1 request to its own host, whose answer is remembered. Raises ClientRefused."""
    if "://" in client_id:
        return _described(client_id)
    found_id = parse_id(client_id)
    client = rows.find_client(table, found_id) if found_id else None
    if client is None:
        raise ClientRefused("The client_id is unknown, or its registration is over: it registers anew.")
    return client


def made_of(metadata: ClientMetadata, client_id: str) -> Client:
    """Return the client that the metadata describe; raises RedirectRefused."""
    for each in metadata.redirect_uris:
        oauth.check_redirect(each)
    name = one_line(metadata.client_name or "", oauth.NAME_MAX) or "unknown"
    return Client(client_id, name, tuple(metadata.redirect_uris), clock.now(), "")


def _described(url: str) -> Client:
    known = _cache.get(url)
    if known and known[0] > time.monotonic():
        return known[1]
    # Imported here: only clients that describe themselves need the way out.
    from switchyard.pipeline import receivers

    try:
        receivers.check_url(url)
        parts = urlsplit(url)
        if parts.path in ("", "/") or {".", ".."} & set(parts.path.split("/")):
            raise receivers.BadUrl("has no path, or one with dots")
        status, kind, body = receivers.get(url, {"accept": "application/json"}, DOCUMENT_MAX)
    except receivers.BadUrl as problem:
        raise ClientRefused(f"The client_id {problem}.") from None
    except receivers.Unreachable:
        # Why is not said: it would tell about hosts that only this server reaches.
        raise ClientRefused("The client's description could not be fetched.") from None
    if status != 200 or not kind.partition(";")[0].strip().endswith("json"):
        raise ClientRefused("The client's description is no JSON document.")
    try:
        metadata = parse_body(ClientMetadata, body)
        client = made_of(metadata, url)
    except Invalid as problem:
        raise ClientRefused(f"The client's description is not valid: {problem.detail}"[:500]) from None
    if metadata.client_id != url:
        raise ClientRefused("The client's description has another client_id than its address.")
    if metadata.token_endpoint_auth_method not in (None, "none"):
        raise ClientRefused("The client wants to authenticate: only public clients are served, with PKCE.")
    if len(_cache) >= _CACHE_MAX:
        _cache.clear()
    _cache[url] = (time.monotonic() + _CACHE_SECONDS, client)
    return client
