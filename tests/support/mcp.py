"""A caller of /mcp that writes its messages by hand, in both generations of the protocol."""

import json
from typing import Any

from tests.support.http import Answer, Api

STATELESS = "2026-07-28"


class Mcp:
    """Sends JSON-RPC messages through an Api."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def post(self, message: Any, headers: dict[str, str] | None = None) -> Answer:
        return self.api.post("/mcp", message, headers=headers or {})

    def request(self, method: str, params: Any = None, headers: dict[str, str] | None = None) -> Answer:
        message = {"jsonrpc": "2.0", "id": 1, "method": method}
        return self.post(message if params is None else {**message, "params": params}, headers)

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool; returns the result of the message."""
        answer = self.request("tools/call", {"name": tool, "arguments": arguments})
        assert answer.status == 200, answer.text
        assert answer.json["id"] == 1
        return answer.json["result"]

    def ok(self, tool: str, **arguments: Any) -> Any:
        """Call a tool that succeeds; returns its structured content, which the text repeats."""
        result = self.call(tool, **arguments)
        assert "isError" not in result, result
        assert [json.loads(each["text"]) for each in result["content"]] == [result["structuredContent"]]
        return result["structuredContent"]

    def refused(self, tool: str, code: str, **arguments: Any) -> Any:
        """Call a tool that is refused with the code; returns the error object."""
        result = self.call(tool, **arguments)
        assert result["isError"] is True
        assert "structuredContent" not in result
        error = json.loads(result["content"][0]["text"])["error"]
        assert error["code"] == code, error
        assert error["request_id"]
        assert error["docs_url"].endswith(f"#{code}")
        return error

    def stateless(self, method: str, headers: dict[str, str] | None = None, **params: Any) -> Answer:
        """Send a self-contained request of the newest revision; `headers` replace its own."""
        meta = {
            "io.modelcontextprotocol/protocolVersion": STATELESS,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        sent = {"mcp-protocol-version": STATELESS, "mcp-method": method}
        if "name" in params:
            sent["mcp-name"] = params["name"]
        return self.request(method, {"_meta": meta, **params}, {**sent, **(headers or {})})
