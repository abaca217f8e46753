"""The same through PyPI `mcp` 2.x: `python oauth_v2.py URL [METADATA]`."""

import asyncio
import json
import sys
from typing import Any

import httpx2
from connecting import Connection
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult


async def connect(url: str, metadata: str | None = None) -> dict[str, Any]:
    connection = Connection(url, "Ring 2", metadata, AuthorizationCodeResult.model_validate)
    async with (
        httpx2.AsyncClient(auth=connection.provider, timeout=120) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        made = await client.call_tool("create_task", {"title": "Connected by mcp 2"})
        return await connection.outcome((made.structured_content or {})["task"], client.list_tools)


print(json.dumps(asyncio.run(connect(*sys.argv[1:]))))
