"""Programs that people connect by OAuth 2.1: clients, what they ask for, and the codes and tokens that they get.

Standards: OAuth 2.1 (draft), PKCE (RFC 7636), loopback and private-use redirects (RFC 8252), resource indicators
(RFC 8707), security practice (RFC 9700).
"""

import hmac
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from switchyard.domain import tokens
from switchyard.domain.actors import SCOPES, Actor
from switchyard.domain.errors import FieldError, Invalid, SwitchyardError
from switchyard.domain.structs import Struct

#: Seconds that a code counts, an access token, and a refresh token that nobody uses.
CODE_SECONDS, ACCESS_SECONDS, REFRESH_SECONDS = 60, 3_600, 30 * 86_400
#: Seconds after which a connection ends however it is used: a person then decides again.
GRANT_SECONDS_MAX = 365 * 86_400
#: Seconds that the row of a used code or refresh token stays, so that its reuse is noticed.
REUSE_SECONDS = 86_400
#: Seconds that a registered client is kept until somebody connects it, and after somebody last did.
REGISTERED_SECONDS, CONNECTED_SECONDS = 86_400, 365 * 86_400
#: Registrations an hour, of everybody together: they need no token.
REGISTRATIONS_MAX = 500
NAME_MAX, REDIRECTS_MAX, URI_MAX, STATE_MAX = 100, 10, 2_048, 4_096

#: What a program can get. `settings:admin` is not among it: it makes tokens that would outlive the connection.
GRANTABLE = frozenset(SCOPES) - {"settings:admin"}
#: What a program gets that names no scope.
DEFAULT_SCOPES = frozenset({"tasks:read", "tasks:write"})
#: Asks for a refresh token, which every client gets (OpenID Connect Core §11).
OFFLINE = "offline_access"

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: Schemes that a browser acts on itself: no program is reached by them.
_NO_PROGRAM = frozenset(
    """about blob chrome data file filesystem ftp ftps http intent javascript mailto resource sms tel vbscript
    view-source ws wss""".split()  # noqa: SIM905 - one word a line would hide which they are
)
#: The characters of RFC 3986, appendix A.
_URI = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
#: Names in ASCII and addresses: a host stands in a header of the consent page, where `;` and `,` would mean something.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,63}")
CHALLENGE = r"[A-Za-z0-9_-]{43}"
VERIFIER = r"[A-Za-z0-9._~-]{43,128}"


class OAuthRefused(SwitchyardError):
    """A refusal in the words of RFC 6749 §5.2; `code` is its error code."""

    code, title = "invalid_request", "The request is not valid"


class GrantRefused(OAuthRefused):
    code, title = "invalid_grant", "The code or refresh token is unknown, used, over, or another client's"


class ClientRefused(OAuthRefused):
    code, title = "invalid_client", "The client is unknown"


class ScopeRefused(OAuthRefused):
    code, title = "invalid_scope", "The scope is unknown, or more than was granted"


class TargetRefused(OAuthRefused):
    code, title = "invalid_target", "The resource is not this server's"


class GrantTypeRefused(OAuthRefused):
    code, title = "unsupported_grant_type", "The grant type is neither authorization_code nor refresh_token"


class RegistrationRefused(Invalid):
    code, title = "invalid_client_metadata", "The client cannot be registered as it describes itself"


class RedirectRefused(RegistrationRefused):
    code, title = "invalid_redirect_uri", "A redirect URI cannot be one"


class TooManyRegistrations(OAuthRefused):
    # RFC 7591 has no code for it; of RFC 6749 this one says what to do.
    code, title = "temporarily_unavailable", "Too many clients were registered within the hour"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many clients were registered within the hour: try again in {seconds} s.")
        self.retry_after = seconds


class Client(Struct):
    """A program that asks to be connected. `id` is the URL of its description, or a registered client's own id."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    created_at: str
    valid_until: str

    @property
    def is_described(self) -> bool:
        """Return whether the client stands behind the URL that is its id."""
        return "://" in self.id


class Code(Struct):
    """An authorization code: what a person allowed a client, until the client fetches its tokens, once.

    `grant_id` and `grant` (a digest) name the connection that is then made, so that a second use can end it. `parent`
    is the digest of the token that the person's session was made from (None: of none), `session` that of the session.
    `resource` is a path.
    """

    digest: str
    actor: Actor
    client_id: str
    client_name: str
    redirect_uri: str
    challenge: str
    grant_id: str
    grant: str
    created_at: str
    valid_until: str
    resource: str | None = None
    parent: str | None = None
    used_at: str | None = None
    session: str | None = None


class RefreshToken(Struct):
    """A refresh token of a connection, named by the digest `grant`. Used once: `used_at` says when."""

    digest: str
    client_id: str
    grant: str
    created_at: str
    valid_until: str
    used_at: str | None = None


def check_redirect(uri: str) -> SplitResult:
    """Return the parts of a redirect URI; raises RedirectRefused for one that may not be registered.

    https, http to this computer (RFC 8252 §7.3), or a scheme of a program's own (§7.1); never a fragment.
    """

    def refuse(reason: str, expected: str) -> RedirectRefused:
        return RedirectRefused(FieldError("redirect_uris", f"{uri[:80]!r} {reason}", expected))

    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise refuse("is not a valid URI", "an absolute URI") from None
    if len(uri) > URI_MAX or not _URI.fullmatch(uri):
        raise refuse("is too long, or has characters that must be percent-encoded", f"at most {URI_MAX} characters")
    if "#" in uri or "@" in parts.netloc:
        raise refuse("has a fragment or a user name", "a URI without")
    if parts.scheme in ("https", "http"):
        if not host or (parts.scheme == "http" and host not in _LOOPBACK):
            raise refuse("is not https", "https, or http to 127.0.0.1, [::1] or localhost")
        if not _HOST.fullmatch(host):
            raise refuse("names a host as no host can be named", "letters, digits, hyphens and dots; else Punycode")
    elif not _SCHEME.fullmatch(parts.scheme) or parts.scheme in _NO_PROGRAM:
        raise refuse("has a scheme that leads to no program", "https, or a scheme of the program's own")
    return parts


def may_redirect(asked: str, registered: Iterable[str]) -> bool:
    """Return whether a redirect URI is one of the registered: the same to the letter.

    Of one to this computer the port may differ, which a program gets from its system when it starts (RFC 8252 §7.3).
    """
    return any(asked == each or (_is_loopback(each) and _portless(asked) == _portless(each)) for each in registered)


def _is_loopback(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def _portless(uri: str) -> tuple[str, str | None, str, str, bool]:
    parts = urlsplit(uri)
    plain = "@" not in parts.netloc and "#" not in uri
    return parts.scheme, parts.hostname, parts.path, parts.query, plain


def verifies(verifier: str, challenge: str) -> bool:
    """Return whether a code verifier is that of the challenge, S256 (RFC 7636 §4.6)."""
    return bool(re.fullmatch(VERIFIER, verifier)) and hmac.compare_digest(tokens.challenge(verifier), challenge)


def granted(asked: str | None, held: Iterable[str]) -> frozenset[str]:
    """Return what of the scopes that are asked for (None, or none: DEFAULT_SCOPES) somebody who holds some can grant.

    Raises ScopeRefused when nothing is left.
    """
    wanted = frozenset((asked or "").split()) - {OFFLINE} or DEFAULT_SCOPES
    found = wanted & GRANTABLE & frozenset(held)
    if not found:
        raise ScopeRefused(f"None of these scopes can be granted here: {' '.join(sorted(wanted))[:200]}.")
    return found
