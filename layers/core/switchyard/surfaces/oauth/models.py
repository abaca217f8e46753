"""What OAuth's endpoints take. Parameters that are not known are ignored (RFC 6749 §3.1, §3.2; RFC 7591 §2)."""

from typing import Annotated, Literal

from switchyard.domain import oauth, tokens
from switchyard.http.models import Field, Model
from switchyard.surfaces.inputs import ABSENT

Uri = Annotated[str, Field(min_length=1, max_length=oauth.URI_MAX)]
Scopes = Annotated[str, Field(max_length=1_000)]
Secret = Annotated[str, Field(min_length=1, max_length=2 * tokens.LENGTH)]
Word = Annotated[str, Field(max_length=100)]


class _Lenient(Model):
    model_config = {"strict": True, "extra": "ignore"}


class Authorize(_Lenient):
    """An authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2). PKCE with S256 is required."""

    response_type: Literal["code"]  #: What is asked for: a code.
    client_id: Uri  #: The URL of the client's description, or the id that it was registered by.
    redirect_uri: Uri  #: Where the person is led back to: one that the client has registered.
    code_challenge: Annotated[str, Field(pattern=f"^{oauth.CHALLENGE}$")]  #: SHA-256 of the verifier, base64url.
    code_challenge_method: Literal["S256"]  #: How the challenge was made; there is no other way.
    scope: Scopes = ABSENT  #: Scopes, separated by spaces; left out: tasks:read and tasks:write.
    #: Given back as it is.
    state: Annotated[str, Field(max_length=oauth.STATE_MAX)] = ABSENT
    #: What the tokens are for: the URL of the API, or of the MCP server; left out: all of the API.
    resource: Annotated[str, Field(max_length=oauth.URI_MAX)] = ABSENT


class Decide(_Lenient):
    """What a person decided on the consent page: `request` is the query of the authorization request."""

    #: The query of the authorization request, as the page has it.
    request: Annotated[str, Field(min_length=1, max_length=16_384)]
    #: What proves that the page was shown in this session.
    csrf: Annotated[str, Field(min_length=1, max_length=128)]
    decision: Literal["allow", "deny"]  #: What the person decided.


class TokenRequest(_Lenient):
    """RFC 6749 §4.1.3 and §6, RFC 7636 §4.5: the fields of one of the two grants."""

    #: `authorization_code` or `refresh_token`.
    grant_type: Annotated[str, Field(max_length=200)]
    client_id: Uri  #: The client that asks.
    code: Secret = ABSENT  #: The code, which counts once.
    redirect_uri: Uri = ABSENT  #: The one of the authorization request.
    #: What the challenge was made from.
    code_verifier: Annotated[str, Field(min_length=1, max_length=128)] = ABSENT
    refresh_token: Secret = ABSENT  #: The refresh token, which counts once.
    scope: Scopes = ABSENT  #: Fewer scopes than were granted, for this access token.
    #: What the access token is for: what was allowed, or less.
    resource: Annotated[str, Field(max_length=oauth.URI_MAX)] = ABSENT


class Revocation(_Lenient):
    """RFC 7009 §2.1. The hint is not needed: each kind of token is found by its digest."""

    token: Secret  #: A refresh token or an access token.
    client_id: Uri  #: The client that it was issued to.


class ClientMetadata(_Lenient):
    """What a client says of itself (RFC 7591 §2): in a registration, or in the document behind its client_id."""

    #: Where people may be led back to.
    redirect_uris: Annotated[list[Uri], Field(min_length=1, max_length=oauth.REDIRECTS_MAX)]
    #: What people are shown; at most 100 characters of it.
    client_name: Annotated[str, Field(max_length=1_000)] = ABSENT
    client_id: Uri = ABSENT  #: In a document its own URL; a registration has none.
    token_endpoint_auth_method: Word = ABSENT  #: Clients are public: `none`, whatever a registration asks for.
