"""The OAuth surface as the composition knows it: errors as RFC 6749 §5.2 has them, and as pages for people."""

import re
from collections.abc import Mapping
from typing import Any

from switchyard.domain.errors import FieldError, Invalid, TooLarge, WrongContentType
from switchyard.domain.oauth import ClientRefused, OAuthRefused, RegistrationRefused
from switchyard.domain.oauth import TooManyRegistrations as TooMany
from switchyard.http.surface import Refused, Surface
from switchyard.surfaces.oauth.replies import OAuthErrorShown

REGISTRATION = "/oauth/register"
#: Titles of pages are the errors' own; a page has no code of RFC 6749.
_STATUSES = {OAuthRefused: 400, TooMany: 429}
#: What clients get: 400 for whatever is wrong with a request (RFC 6749 §5.2, RFC 7591 §3.2.2, RFC 7009 §2.2.1).
_TO_CLIENTS = {**_STATUSES, ClientRefused: 401, WrongContentType: 400, TooLarge: 400}
#: Codes by status (RFC 6749 §4.1.2.1, §5.2); any other status below 500 is the request's own fault.
_CODES = {401: "invalid_client", 429: "temporarily_unavailable", 500: "server_error", 503: "temporarily_unavailable"}
#: Codes of parameters that have one of their own (RFC 7591 §3.2.2, RFC 8707 §2).
_CODES_OF_FIELDS = {"redirect_uris": "invalid_redirect_uri", "resource": "invalid_target"}


def _body(refused: Refused) -> dict[str, Any]:
    fields = refused.error.fields if isinstance(refused.error, Invalid) else ()
    text = "; ".join(f"{each.field}: {each.sentence}" for each in fields[:3]) or refused.text
    # What RFC 6749 §5.2 lets a description have: no quotation marks and backslashes, and nothing beyond ASCII.
    plain = re.sub(r"[^ -~]", "?", text.replace('"', "'").replace("\\", "/"))
    return {"error": _code(refused, fields), "error_description": plain}


def _code(refused: Refused, fields: tuple[FieldError, ...]) -> str:
    """Return the code of an error: whatever is raised, it is one of the standards'."""
    if isinstance(refused.error, OAuthRefused | RegistrationRefused):
        return refused.error.code
    at_fault = {each.field.partition(".")[0] for each in fields}
    if len(at_fault) == 1 and (own := _CODES_OF_FIELDS.get(at_fault.pop())):
        return own
    registers = refused.request.path.startswith(REGISTRATION)
    return _CODES.get(refused.status, "invalid_client_metadata" if registers else "invalid_request")


def _page(refused: Refused) -> dict[str, Any]:
    return {"title": refused.error.title, "text": refused.text, "request": refused.request.id}


def _rendered(body: Mapping[str, Any]) -> str:
    # Imported here: most answers are no errors.
    from switchyard.surfaces.oauth import pages

    return pages.refusal(body["title"], body["text"], body["request"])


def _page_headers(_refused: Refused) -> Mapping[str, str]:
    from switchyard.surfaces.oauth import pages

    return pages.headers()


OAUTH = Surface(
    "oauth",
    _body,
    OAuthErrorShown,
    statuses=_TO_CLIENTS,
)
PAGES = Surface(
    "oauth",
    _page,
    media="text/html; charset=utf-8",
    statuses=_STATUSES,
    headers=_page_headers,
    render=_rendered,
)
