"""GET /mcp
GET /mcp/search
"""

from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.mcp.surface import MCP, RpcError, only_post


@public_endpoint(MCP, "mcp.open_stream", "GET /mcp", "GET /mcp/search", status=405, reply=RpcError)
def handler(request: Request) -> Reply:
    """Refuse to stream: each message is answered where it was posted."""
    return only_post(request)
