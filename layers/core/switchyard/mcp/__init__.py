"""The MCP server at /mcp: stateless Streamable HTTP, plain JSON answers, two generations of the protocol."""
