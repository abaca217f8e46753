"""What OAuth's endpoints answer, as documented in docs/openapi.json."""

from typing import Literal

from switchyard.http.models import Shown


class OAuthErrorShown(Shown):
    """RFC 6749 §5.2, RFC 7591 §3.2.2."""

    error: str
    error_description: str


class ServerMetadata(Shown):
    """RFC 8414, with RFC 9207 and client id metadata documents."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str
    revocation_endpoint: str
    service_documentation: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    code_challenge_methods_supported: list[str]
    authorization_response_iss_parameter_supported: bool
    client_id_metadata_document_supported: bool


class TokensIssued(Shown):
    """RFC 6749 §5.1. `expires_in` in seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str
    scope: str


class Registered(Shown):
    """RFC 7591 §3.2.1. Clients are public: none has a secret."""

    client_id: str
    client_id_issued_at: int
    client_name: str
    redirect_uris: list[str]
    token_endpoint_auth_method: Literal["none"]
    grant_types: list[str]
    response_types: list[str]
