"""POST /mcp"""

from switchyard.http.endpoint import Call, Reply, endpoint
from switchyard.mcp.server import post_message
from switchyard.mcp.surface import MCP, TOOL_SCOPES, RpcAnswer


@endpoint(MCP, "mcp.post_message", "POST /mcp", scopes=TOOL_SCOPES, reply=RpcAnswer, keyed=False, empty=202)
def handler(call: Call) -> Reply:
    """Answer one MCP message: initialize, server/discover, ping, tools/list, tools/call."""
    return post_message(call)
