"""Connect by the address alone, through PyPI `mcp` 1.x: `python oauth_v1.py URL [METADATA]`.

Prints `OPEN address` for the browser, then what came of it as JSON. METADATA is the client_id of a client that
describes itself; without it the program registers.
"""

import asyncio
import json
import sys
from typing import Any

from landing import Landing
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.streamable_http import streamablehttp_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken


class Memory(TokenStorage):
    """Keeps what the provider is given."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


async def connect(url: str, metadata: str | None = None) -> dict[str, Any]:
    landing, memory = Landing(), Memory()

    async def lead(address: str) -> None:
        print(f"OPEN {address}", flush=True)

    async def back() -> tuple[str, str | None]:
        found = await asyncio.to_thread(landing.take)
        return found["code"], found.get("state")

    asked = OAuthClientMetadata.model_validate({"client_name": "Ring 1", "redirect_uris": [landing.uri]})
    provider = OAuthClientProvider(url, asked, memory, lead, back, client_metadata_url=metadata)
    async with streamablehttp_client(url, auth=provider) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        made = await session.call_tool("create_task", {"title": "Connected by mcp 1"})
        first = memory.tokens
        # An hour later, as far as the client can tell: it refreshes.
        provider.context.token_expiry_time = 1
        tools = (await session.list_tools()).tools
        assert first
        assert memory.tokens
        assert memory.client
        return {
            "client": memory.client.client_id,
            "scope": first.scope,
            "title": (made.structuredContent or {})["task"]["title"],
            "tools": [tool.name for tool in tools],
            "refreshed": first.access_token != memory.tokens.access_token,
        }


print(json.dumps(asyncio.run(connect(*sys.argv[1:]))))
