"""A caller that holds every answer to what is published: docs/openapi.json, and the schemas of the tools."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from switchyard.catalogue import ROOT
from tests.support.http import Answer, Api, route
from tests.support.mcp import Mcp

_TOOLS = ROOT / "layers/core/switchyard/mcp/tools.json"


@cache
def openapi() -> dict[str, Any]:
    """Return docs/openapi.json."""
    return dict(json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8")))


@cache
def outputs() -> dict[str, Draft202012Validator]:
    """Return a check of each tool's results, as strict clients make it."""
    listed = json.loads(_TOOLS.read_text(encoding="utf-8"))
    return {each["name"]: Draft202012Validator(each["outputSchema"]) for each in listed}


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference within docs/openapi.json leads to."""
    while "$ref" in node:
        found: Any = openapi()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def check(method: str, url: str, answer: Answer) -> None:
    """Raise unless docs/openapi.json has the answer: its status, and its body under the media type."""
    found = route(method, url.partition("?")[0])
    assert found, f"no path of the API: {method} {url}"
    described = openapi()["paths"][found[0].operation.paths[0]][method.lower()]["responses"]
    assert str(answer.status) in described, f"{method} {url}: {answer.status} is not published: {answer.text[:300]}"
    content = _resolved(described[str(answer.status)]).get("content", {})
    if not content:
        assert not answer.text
        return
    media = answer.headers["content-type"].partition(";")[0]
    whole = {**content[media]["schema"], "components": openapi()["components"]}
    Draft202012Validator(whole).validate(answer.json)


class Published:
    """Requests whose answers must be as published."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.mcp = Mcp(api)

    def send(self, method: str, url: str, body: Any = None) -> Answer:
        """Send a request; its answer is as docs/openapi.json says, whatever its status."""
        answer = self.api.request(method, url, body)
        check(method, url, answer)
        return answer

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
