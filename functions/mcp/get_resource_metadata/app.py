"""GET /.well-known/oauth-protected-resource
GET /.well-known/oauth-protected-resource/mcp
"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.mcp.surface import MCP, ResourceMetadata, describe


@endpoint(
    MCP,
    "mcp.get_resource_metadata",
    "GET /.well-known/oauth-protected-resource",
    "GET /.well-known/oauth-protected-resource/mcp",
    public=True,
    reply=ResourceMetadata,
)
def handler(call: Call) -> Reply:
    """Tell a client which scopes there are and how a token is sent (RFC 9728)."""
    return describe(call)
