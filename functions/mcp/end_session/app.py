"""DELETE /mcp
DELETE /mcp/search
"""

from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.mcp.surface import MCP, RpcError, only_post


@public_endpoint(MCP, "mcp.end_session", "DELETE /mcp", "DELETE /mcp/search", status=405, reply=RpcError)
def handler(request: Request) -> Reply:
    """Refuse to end a session: none is kept."""
    return only_post(request)
