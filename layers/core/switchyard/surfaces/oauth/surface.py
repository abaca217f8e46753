"""The OAuth surface as the composition knows it: errors as RFC 6749 §5.2 has them, and as pages for people."""

from collections.abc import Mapping
from typing import Any

from switchyard.domain.errors import Busy, Invalid, NotFound, SwitchyardError
from switchyard.domain.oauth import ClientRefused, OAuthRefused, RegistrationRefused
from switchyard.domain.oauth import TooManyRegistrations as TooMany
from switchyard.http.surface import Refused, Surface
from switchyard.surfaces.oauth.replies import OAuthErrorShown

#: Titles of pages are the errors' own; a page has no code of RFC 6749.
_STATUSES = {OAuthRefused: 400, TooMany: 429}
_CODES = {
    SwitchyardError: "server_error",
    Invalid: "invalid_request",
    NotFound: "invalid_request",
    Busy: "temporarily_unavailable",
}


def _body(refused: Refused) -> dict[str, Any]:
    # What RFC 6749 §5.2 lets a description have: no quotation marks and backslashes, and nothing beyond ASCII.
    plain = refused.text.replace('"', "'").replace("\\", "/").encode("ascii", "replace").decode()
    own = isinstance(refused.error, OAuthRefused | RegistrationRefused)
    return {"error": refused.error.code if own else refused.code, "error_description": plain}


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
    statuses={**_STATUSES, ClientRefused: 401},
    codes=_CODES,
)
PAGES = Surface(
    "oauth",
    _page,
    media="text/html; charset=utf-8",
    statuses=_STATUSES,
    headers=_page_headers,
    render=_rendered,
)
