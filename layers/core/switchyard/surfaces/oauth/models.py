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

    response_type: Literal["code"]
    client_id: Uri
    redirect_uri: Uri
    code_challenge: Annotated[str, Field(pattern=f"^{oauth.CHALLENGE}$")]
    code_challenge_method: Literal["S256"]
    scope: Scopes = ABSENT
    state: Annotated[str, Field(max_length=oauth.STATE_MAX)] = ABSENT
    resource: Annotated[str, Field(max_length=oauth.URI_MAX)] = ABSENT


class Decide(_Lenient):
    """What a person decided on the consent page: `request` is the query of the authorization request."""

    request: Annotated[str, Field(min_length=1, max_length=16_384)]
    csrf: Annotated[str, Field(min_length=1, max_length=128)]
    decision: Literal["allow", "deny"]


class TokenRequest(_Lenient):
    """RFC 6749 §4.1.3 and §6, RFC 7636 §4.5: the fields of one of the two grants."""

    grant_type: Annotated[str, Field(max_length=200)]
    client_id: Uri
    code: Secret = ABSENT
    redirect_uri: Uri = ABSENT
    code_verifier: Annotated[str, Field(min_length=1, max_length=128)] = ABSENT
    refresh_token: Secret = ABSENT
    scope: Scopes = ABSENT
    resource: Annotated[str, Field(max_length=oauth.URI_MAX)] = ABSENT


class Revocation(_Lenient):
    """RFC 7009 §2.1. The hint is not needed: each kind of token is found by its digest."""

    token: Secret
    client_id: Uri


class ClientMetadata(_Lenient):
    """What a client says of itself (RFC 7591 §2): in a registration, or in the document behind its client_id."""

    redirect_uris: Annotated[list[Uri], Field(min_length=1, max_length=oauth.REDIRECTS_MAX)]
    client_name: Annotated[str, Field(max_length=1_000)] = ABSENT
    client_id: Uri = ABSENT
    token_endpoint_auth_method: Word = ABSENT
