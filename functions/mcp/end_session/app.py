"""DELETE /mcp"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.mcp.surface import MCP, only_post


@endpoint(MCP, "mcp.end_session", "DELETE /mcp", public=True, keyed=False, status=405)
def handler(call: Call) -> Reply:
    """Refuse to end a session: none is kept."""
    return only_post(call)
