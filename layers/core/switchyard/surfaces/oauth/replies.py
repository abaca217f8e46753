"""What OAuth's endpoints answer, as documented in docs/openapi.json."""

from typing import Literal

from switchyard.http.models import Shown


class OAuthErrorShown(Shown):
    """RFC 6749 §5.2, RFC 7591 §3.2.2."""

    error: str  #: The code of RFC 6749, RFC 7591 or RFC 8707.
    error_description: str  #: Why, in words.


class ServerMetadata(Shown):
    """RFC 8414, with RFC 9207 and client id metadata documents."""

    issuer: str  #: The address by which the API is called.
    authorization_endpoint: str  #: Where people decide.
    token_endpoint: str  #: Where clients fetch tokens.
    registration_endpoint: str  #: Where clients register.
    revocation_endpoint: str  #: Where clients end tokens.
    service_documentation: str  #: The OpenAPI document.
    scopes_supported: list[str]  #: Scopes that a client can get.
    response_types_supported: list[str]  #: `code` alone.
    response_modes_supported: list[str]  #: `query` alone.
    grant_types_supported: list[str]  #: By a code, and by a refresh token.
    token_endpoint_auth_methods_supported: list[str]  #: `none`: clients are public.
    revocation_endpoint_auth_methods_supported: list[str]  #: `none`: clients are public.
    code_challenge_methods_supported: list[str]  #: `S256` alone.
    authorization_response_iss_parameter_supported: bool  #: Answers name the issuer (RFC 9207).
    client_id_metadata_document_supported: bool  #: A client_id may be the URL of a description.


class TokensIssued(Shown):
    """RFC 6749 §5.1. `expires_in` in seconds."""

    access_token: str  #: The access token: it is shown once.
    token_type: Literal["Bearer"]  #: How it is sent.
    expires_in: int  #: Seconds until it ends.
    refresh_token: str  #: What gets the next one, once.
    scope: str  #: What was granted, separated by spaces.


class Registered(Shown):
    """RFC 7591 §3.2.1. Clients are public: none has a secret."""

    client_id: str  #: The id that the client was registered by.
    client_id_issued_at: int  #: When, in seconds since the epoch.
    client_name: str  #: What people are shown.
    redirect_uris: list[str]  #: Where people may be led back to.
    token_endpoint_auth_method: Literal["none"]  #: Clients are public.
    grant_types: list[str]  #: How it may get tokens.
    response_types: list[str]  #: What it may ask for.
