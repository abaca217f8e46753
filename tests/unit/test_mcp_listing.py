"""The tool list: never stale, strict, honest about what tools do, and cheap to read."""

import json
from typing import Any

import pytest
from rs_bpe.bpe import openai

from switchyard.mcp import listing
from switchyard.mcp.tools import TOOLS

#: What an agent pays to learn all tools, in tokens of the o200k vocabulary.
TOKENS_MAX, SEARCH_TOKENS_MAX = 3_000, 400
TOOLS_MAX = 10


@pytest.fixture(scope="module")
def tools() -> dict[str, Any]:
    return {each["name"]: each for each in json.loads(listing.PATH.read_text(encoding="utf-8"))}


def test_the_committed_list_is_the_one_the_models_make() -> None:
    for path, text in listing.files().items():
        assert path.read_text(encoding="utf-8") == text, "run make openapi"


def test_the_list_costs_an_agent_little() -> None:
    text = listing.PATH.read_text(encoding="utf-8")
    assert openai.o200k_base().count(text) <= TOKENS_MAX
    assert openai.o200k_base().count(listing.SEARCH_PATH.read_text(encoding="utf-8")) <= SEARCH_TOKENS_MAX
    assert len(TOOLS) <= TOOLS_MAX


def objects(schema: Any) -> list[dict[str, Any]]:
    """Every schema of an object with fields, wherever it lies."""
    if isinstance(schema, list):
        return [each for item in schema for each in objects(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if "properties" in schema and schema.get("type") == "object" else []
    return own + [each for value in schema.values() for each in objects(value)]


def test_input_schemas_refuse_unknown_fields_everywhere_and_refer_nowhere(tools: Any) -> None:
    for tool in tools.values():
        assert "$ref" not in json.dumps(tool)
        assert tool["inputSchema"]["type"] == tool["outputSchema"]["type"] == "object"
        for each in objects(tool["inputSchema"]):
            assert each["additionalProperties"] is False


@pytest.mark.parametrize(
    ("tool", "properties", "required"),
    [
        (
            "create_task",
            {
                "title": "string",
                "description": "string",
                "due_at": "string",
                "assignee_id": "string",
                "related_resource_type": "string",
                "related_resource_id": "string",
                "idempotency_key": "string",
            },
            ["title"],
        ),
        ("list_tasks", {"status": "string", "assignee_id": "string", "limit": "integer", "cursor": "string"}, None),
        (
            "complete_task",
            {"task_id": "string", "completed_note": "string", "idempotency_key": "string"},
            ["task_id"],
        ),
        (
            "update_task",
            {"task_id": "string", "status": "string", "completed_note": "string", "idempotency_key": "string"},
            ["task_id"],
        ),
    ],
)
def test_the_documented_tools_take_what_the_document_says(
    tools: Any, tool: str, properties: dict[str, str], required: list[str] | None
) -> None:
    schema = tools[tool]["inputSchema"]
    assert {name: each["type"] for name, each in schema["properties"].items()} == properties
    assert schema.get("required") == required


def test_particulars_of_the_documented_schemas(tools: Any) -> None:
    create = tools["create_task"]["inputSchema"]["properties"]
    assert create["due_at"]["format"] == "date-time"
    assert create["related_resource_type"]["enum"] == ["contact", "company", "deal", "support_ticket"]
    listed = tools["list_tasks"]["inputSchema"]["properties"]
    assert listed["status"]["enum"] == ["open", "completed", "canceled"]
    assert (listed["limit"]["minimum"], listed["limit"]["maximum"]) == (1, 100)


def test_annotations_tell_what_each_tool_does(tools: Any) -> None:
    for tool in tools.values():
        hints = tool["annotations"]
        assert hints["openWorldHint"] is False
        assert hints["readOnlyHint"] is (TOOLS[tool["name"]].scope == "tasks:read")
    assert tools["create_task"]["annotations"]["idempotentHint"] is False
    assert tools["update_task"]["annotations"]["idempotentHint"] is True
    assert tools["plan_work"]["annotations"]["destructiveHint"] is True


def test_the_deprecated_tool_says_what_to_use_instead(tools: Any) -> None:
    assert tools["complete_task"]["description"].startswith("Deprecated: use update_task")
