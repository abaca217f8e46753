"""What the server says of itself (RFC 8414): where its endpoints are, and what they take."""

from switchyard.domain import oauth
from switchyard.domain.oauth import TargetRefused
from switchyard.http.call import Reply
from switchyard.http.request import Request

#: What tokens can be made for (RFC 8707): all of the service, or what lies at and below a path.
RESOURCES = ("", "/mcp", "/mcp/search")


def describe(request: Request) -> Reply:
    """Answer with the metadata of the authorization server, whose issuer is the address it is called by."""
    issuer = request.base_url
    metadata = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "registration_endpoint": f"{issuer}/oauth/register",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "service_documentation": f"{issuer}/openapi.json",
        "scopes_supported": sorted(oauth.GRANTABLE),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": True,
    }
    return Reply(200, metadata, {"cache-control": "public, max-age=3600"})


def resource_path(request: Request, resource: str | None) -> str | None:
    """Return the path of a resource of this server (RFC 8707): "" is all of it, None none. Raises TargetRefused."""
    if not resource:
        return None
    base = request.base_url
    for path in RESOURCES:
        if resource.rstrip("/") == f"{base}{path}":
            return path
    raise TargetRefused(f"The resource is none of this server: {', '.join(base + each for each in RESOURCES)}.")
