"""GET /mcp"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.mcp.surface import MCP, only_post


@endpoint(MCP, "mcp.open_stream", "GET /mcp", public=True, status=405)
def handler(call: Call) -> Reply:
    """Refuse to stream: each message is answered where it was posted."""
    return only_post(call)
