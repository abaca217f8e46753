"""One conversation through PyPI `mcp` 1.x: `python mcp_v1.py URL TOKEN` prints what came of it as JSON."""

import asyncio
import json
import sys
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


async def converse(url: str, token: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        streamablehttp_client(url, headers=headers) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        begun = await session.initialize()
        await session.send_ping()
        tools = (await session.list_tools()).tools

        async def call(tool: str, **arguments: Any) -> Any:
            return await session.call_tool(tool, arguments)

        first = await call("create_task", title="Through mcp 1", idempotency_key="mcp-1")
        again = await call("create_task", title="Through mcp 1", idempotency_key="mcp-1")
        task_id = first.structuredContent["task"]["id"]
        done = await call("update_task", task_id=task_id, status="completed", completed_note="Done")
        listed = await call("list_tasks", status="completed", limit=100)
        refused = await call("get_task", task_id="task_123")
        return {
            "revision": begun.protocolVersion,
            "tools": [tool.name for tool in tools],
            "created": first.structuredContent,
            "again": again.structuredContent,
            "completed": done.structuredContent,
            "listed": [task["id"] for task in listed.structuredContent["tasks"]],
            "refused": {"isError": refused.isError, "text": refused.content[0].text},
        }


print(json.dumps(asyncio.run(converse(*sys.argv[1:]))))
