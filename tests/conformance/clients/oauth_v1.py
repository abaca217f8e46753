"""Connect by the address alone, through PyPI `mcp` 1.x: `python oauth_v1.py URL [METADATA]`.

Prints `OPEN address` for the browser, then what came of it as JSON. METADATA is the client_id of a client that
describes itself; without it the program registers.
"""

import asyncio
import json
import sys
from typing import Any

from connecting import Connection
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


async def connect(url: str, metadata: str | None = None) -> dict[str, Any]:
    connection = Connection(url, "Ring 1", metadata, lambda found: (found["code"], found.get("state")))
    async with (
        streamablehttp_client(url, auth=connection.provider) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        made = await session.call_tool("create_task", {"title": "Connected by mcp 1"})
        return await connection.outcome((made.structuredContent or {})["task"], session.list_tools)


print(json.dumps(asyncio.run(connect(*sys.argv[1:]))))
