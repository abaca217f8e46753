"""One conversation through PyPI `mcp` 2.x: `python mcp_v2.py URL TOKEN` prints what came of it as JSON."""

import asyncio
import json
import sys
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def converse(url: str, token: str) -> dict[str, Any]:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        tools = (await client.list_tools()).tools

        async def call(tool: str, **arguments: Any) -> Any:
            return await client.call_tool(tool, arguments)

        first = await call("create_task", title="Through mcp 2", idempotency_key="mcp-2")
        again = await call("create_task", title="Through mcp 2", idempotency_key="mcp-2")
        task_id = first.structured_content["task"]["id"]
        done = await call("update_task", task_id=task_id, status="completed", completed_note="Done")
        listed = await call("list_tasks", status="completed", limit=100)
        refused = await call("get_task", task_id="task_123")
        return {
            "revision": client.protocol_version,
            "tools": [tool.name for tool in tools],
            "created": first.structured_content,
            "again": again.structured_content,
            "completed": done.structured_content,
            "listed": [task["id"] for task in listed.structured_content["tasks"]],
            "refused": {"isError": refused.is_error, "text": refused.content[0].text},
        }


print(json.dumps(asyncio.run(converse(*sys.argv[1:]))))
