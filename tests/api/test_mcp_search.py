"""`search` and `fetch` at /mcp/search, in the shapes that connectors of ChatGPT read (docs/mcp.md)."""

import json
from typing import Any

import pytest

from switchyard.domain.ids import new_id
from switchyard.mcp.connector import SEARCH_TOOLS
from tests.api.conftest import Caller
from tests.support.http import Answer, Api
from tests.support.mcp import Mcp
from tests.support.planning import make_goal, make_task


class Searching(Mcp):
    """Posts to the path of the tools that only search."""

    def post(self, message: Any, headers: dict[str, str] | None = None) -> Answer:
        return self.api.post("/mcp/search", message, headers=headers or {})


@pytest.fixture
def mcp(api: Api) -> Searching:
    return Searching(api)


def test_two_tools_are_listed_and_no_others(mcp: Searching) -> None:
    listed = mcp.request("tools/list").json["result"]["tools"]
    assert [each["name"] for each in listed] == list(SEARCH_TOOLS) == ["search", "fetch"]
    assert all(each["annotations"]["readOnlyHint"] for each in listed)
    assert mcp.request("tools/call", {"name": "create_task", "arguments": {}}).json["error"]["code"] == -32602
    assert Mcp(mcp.api).request("tools/call", {"name": "search", "arguments": {}}).json["error"]["code"] == -32602
    found = mcp.stateless("tools/list").json["result"]
    assert [each["name"] for each in found["tools"]] == ["search", "fetch"]


def test_what_is_found_is_cited_by_the_consoles_page_and_read_whole(mcp: Searching, api: Api) -> None:
    goal = make_goal(api, "Handbook of onions")
    task = make_task(api, "Peel the onions", more={"description": "With <care> & a sharp knife", "priority": "high"})
    make_task(api, title="Wash the carrots")
    results = mcp.ok("search", query="ONIONS")["results"]
    assert results == [
        {"id": task["id"], "title": "Peel the onions", "url": f"https://api.test/console/tasks/{task['id']}"},
        {"id": goal["id"], "title": "Handbook of onions", "url": f"https://api.test/console/goals/{goal['id']}"},
    ]
    document = mcp.ok("fetch", id=task["id"])
    assert document.keys() == {"id", "title", "text", "url", "metadata"}
    assert "With <care> & a sharp knife" in document["text"]
    assert "priority: high" in document["text"]
    assert (document["metadata"]["type"], document["metadata"]["priority"]) == ("task", "high")
    assert all(isinstance(each, str) for each in document["metadata"].values())
    assert mcp.ok("fetch", id=goal["id"])["url"].endswith(f"/console/goals/{goal['id']}")
    assert mcp.ok("search", query="nothing of the kind")["results"] == []


def test_results_are_one_text_of_json(mcp: Searching) -> None:
    result = mcp.call("search", query="x")
    (content,) = result["content"]
    assert (content["type"], json.loads(content["text"])) == ("text", {"results": []})


def test_a_page_of_each_kind_is_found_at_most(mcp: Searching, api: Api) -> None:
    for number in range(21):
        make_task(api, title=f"Onion {number}")
    assert len(mcp.ok("search", query="onion")["results"]) == 20


def test_another_tenant_finds_and_fetches_nothing(mcp: Searching, api: Api, caller: Caller) -> None:
    task = make_task(api, title="Onions")
    other = Searching(caller(tenant=new_id()))
    assert other.ok("search", query="onions")["results"] == []
    other.refused("fetch", "resource_not_found", id=task["id"])


def test_what_is_wrong_is_named(mcp: Searching, caller: Caller) -> None:
    assert mcp.refused("search", "validation_failed", query="x" * 201)["field_errors"][0]["field"] == "query"
    assert mcp.refused("fetch", "validation_failed", id="doc-1")["field_errors"][0]["field"] == "id"
    writer = Searching(caller("user_w", scopes=["tasks:write"]))
    assert writer.refused("search", "missing_required_scope", query="x")["required_scope"] == "tasks:read"


def test_its_metadata_name_the_path_and_a_refusal_leads_there() -> None:
    refused = Api(None).post("/mcp/search", {"jsonrpc": "2.0", "id": 1, "method": "ping"})
    where = "/.well-known/oauth-protected-resource/mcp/search"
    assert f'resource_metadata="https://api.test{where}"' in refused.headers["www-authenticate"]
    found = Api(None).get(where).json
    assert (found["resource"], found["authorization_servers"]) == ("https://api.test/mcp/search", ["https://api.test"])
    for method in ("GET", "DELETE"):
        assert Api(None).request(method, "/mcp/search").status == 405
