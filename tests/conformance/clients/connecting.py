"""What the programs of PyPI `mcp` 1.x and 2.x share: imports only what is the same in both."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from landing import Landing
from mcp.client.auth import OAuthClientProvider, TokenStorage
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


class Connection:
    """A client that is called by a name and led back to this program.

    `answer` makes of the parameters that the browser comes back with what the version's provider takes.
    """

    def __init__(self, url: str, name: str, metadata: str | None, answer: Callable[[Mapping[str, str]], Any]) -> None:
        landing, self.memory = Landing(), Memory()

        async def lead(address: str) -> None:
            print(f"OPEN {address}", flush=True)

        async def back() -> Any:
            return answer(await asyncio.to_thread(landing.take))

        asked = OAuthClientMetadata.model_validate({"client_name": name, "redirect_uris": [landing.uri]})
        self.provider = OAuthClientProvider(url, asked, self.memory, lead, back, client_metadata_url=metadata)

    async def outcome(self, task: Mapping[str, Any], list_tools: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
        """List the tools as if an hour had passed, so that the client refreshes; what came of everything."""
        first = self.memory.tokens
        self.provider.context.token_expiry_time = 1
        tools = (await list_tools()).tools
        assert first
        assert self.memory.tokens
        assert self.memory.client
        return {
            "client": self.memory.client.client_id,
            "scope": first.scope,
            "title": task["title"],
            "tools": [tool.name for tool in tools],
            "refreshed": first.access_token != self.memory.tokens.access_token,
        }
