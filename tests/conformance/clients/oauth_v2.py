"""The same through PyPI `mcp` 2.x: `python oauth_v2.py URL [METADATA]`."""

import asyncio
import json
import sys
from typing import Any

import httpx2
from landing import Landing
from mcp import Client
from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken


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

    async def back() -> AuthorizationCodeResult:
        return AuthorizationCodeResult.model_validate(await asyncio.to_thread(landing.take))

    asked = OAuthClientMetadata.model_validate({"client_name": "Ring 2", "redirect_uris": [landing.uri]})
    provider = OAuthClientProvider(url, asked, memory, lead, back, client_metadata_url=metadata)
    async with (
        httpx2.AsyncClient(auth=provider, timeout=120) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        made = await client.call_tool("create_task", {"title": "Connected by mcp 2"})
        first = memory.tokens
        # An hour later, as far as the client can tell: it refreshes.
        provider.context.token_expiry_time = 1
        tools = (await client.list_tools()).tools
        assert first
        assert memory.tokens
        assert memory.client
        return {
            "client": memory.client.client_id,
            "scope": first.scope,
            "title": (made.structured_content or {})["task"]["title"],
            "tools": [tool.name for tool in tools],
            "refreshed": first.access_token != memory.tokens.access_token,
        }


print(json.dumps(asyncio.run(connect(*sys.argv[1:]))))
