"""GET /.well-known/oauth-protected-resource
GET /.well-known/oauth-protected-resource/mcp
GET /.well-known/oauth-protected-resource/mcp/search
"""

from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.mcp.surface import MCP, ResourceMetadata, describe


@public_endpoint(
    MCP,
    "mcp.get_resource_metadata",
    "GET /.well-known/oauth-protected-resource",
    "GET /.well-known/oauth-protected-resource/mcp",
    "GET /.well-known/oauth-protected-resource/mcp/search",
    reply=ResourceMetadata,
)
def handler(request: Request) -> Reply:
    """Describe the scopes and how a token is sent (RFC 9728)."""
    return describe(request)
