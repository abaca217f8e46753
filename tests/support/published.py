"""A caller that holds every answer to what is published: docs/openapi.json, and the schemas of the tools."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from switchyard.catalogue import ROOT
from tests.support.http import Answer, Api
from tests.support.mcp import Mcp

_TOOLS = ROOT / "layers/core/switchyard/mcp/tools.json"


@cache
def outputs() -> dict[str, Draft202012Validator]:
    """Return a check of each tool's results, as strict clients make it."""
    listed = json.loads(_TOOLS.read_text(encoding="utf-8"))
    return {each["name"]: Draft202012Validator(each["outputSchema"]) for each in listed}


class Published:
    """Requests whose answers must be as published."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.mcp = Mcp(api)

    def send(self, method: str, url: str, body: Any = None) -> Answer:
        """Send a request; its answer is as docs/openapi.json says, whatever its status (support/http.py)."""
        return self.api.request(method, url, body)

    def ok(self, method: str, url: str, body: Any = None) -> Any:
        """Send a request that succeeds; returns the body."""
        answer = self.send(method, url, body)
        assert answer.status < 300, answer.text
        return answer.json if answer.text else None

    def tool(self, name: str, **arguments: Any) -> Any:
        """Call a tool; returns its structured content, None for a refusal."""
        result = self.mcp.call(name, **arguments)
        if "isError" in result:
            assert "structuredContent" not in result
            return None
        outputs()[name].validate(result["structuredContent"])
        return result["structuredContent"]
