"""One conversation through `langchain-mcp-adapters`, set up as docs/mcp.md shows: prints what came of it as JSON."""

import asyncio
import json
import sys
from typing import Any

from langchain_mcp_adapters.client import MultiServerMCPClient


def read(content: Any) -> Any:
    """The JSON of a tool's answer, whether it comes as text or as content blocks."""
    return json.loads(content if isinstance(content, str) else content[0]["text"])


async def converse(url: str, token: str) -> dict[str, Any]:
    client = MultiServerMCPClient(
        {
            "switchyard": {
                "url": url,
                "transport": "streamable_http",
                "headers": {"Authorization": f"Bearer {token}"},
            }
        }
    )
    tools = {tool.name: tool for tool in await client.get_tools()}

    async def call(tool: str, **arguments: Any) -> Any:
        return read(await tools[tool].ainvoke(arguments))

    first = await call("create_task", title="Through LangChain", idempotency_key="langchain")
    again = await call("create_task", title="Through LangChain", idempotency_key="langchain")
    done = await call("update_task", task_id=first["task"]["id"], status="completed", completed_note="Done")
    listed = await call("list_tasks", status="completed", limit=100)
    asked = {"type": "tool_call", "id": "1", "name": "get_task", "args": {"task_id": "task_123"}}
    message = await tools["get_task"].ainvoke(asked)
    return {
        "tools": list(tools),
        "created": first,
        "again": again,
        "completed": done,
        "listed": [task["id"] for task in listed["tasks"]],
        "refused": {"isError": message.status == "error", "text": json.dumps(read(message.content))},
    }


print(json.dumps(asyncio.run(converse(*sys.argv[1:]))))
