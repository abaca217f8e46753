"""POST /mcp
POST /mcp/search
"""

from switchyard.http.endpoint import Caller, Reply, committing_endpoint
from switchyard.mcp.server import post_message
from switchyard.mcp.surface import MCP, TOOL_SCOPES, RpcAnswer, RpcMessage


@committing_endpoint(
    MCP,
    "mcp.post_message",
    "POST /mcp",
    "POST /mcp/search",
    scopes=TOOL_SCOPES,
    body=RpcMessage,
    reply=RpcAnswer,
    empty=202,
)
def handler(caller: Caller) -> Reply:
    """Answer one MCP message: initialize, server/discover, ping, tools/list, tools/call."""
    return post_message(caller)
