"""Two demo tenants with their tokens, made once for empty data."""

from __future__ import annotations

from typing import Any

import boto3

from local.stack import Stack
from switchyard.admin import Admin
from switchyard.domain.actors import SCOPES

READ = ["tasks:read"]
WORK = ["tasks:read", "tasks:write"]


def create_demo(stack: Stack, table: str) -> dict[str, Any]:
    """Create the demo tenants, a project and the tokens; the part of stack.json that describes them."""
    admin = Admin(table, boto3.client("dynamodb", **stack.client_options()))
    tenant, other = admin.create_tenant("Demo"), admin.create_tenant("Other")
    project = admin.create_project(tenant, "Demo project")
    tokens = {
        "admin": admin.issue_token(tenant, "user_admin", kind="user", scopes=list(SCOPES), name="Ada Admin"),
        "agent": admin.issue_token(tenant, "agent_demo", kind="agent", scopes=WORK, name="Demo agent"),
        "readonly": admin.issue_token(tenant, "user_reader", kind="user", scopes=READ, name="Rita Reader"),
        "other_tenant": admin.issue_token(other, "user_other", kind="user", scopes=list(SCOPES), name="Otto Other"),
    }
    admin.mail_address(tenant, "user_admin", "ada@example.com")
    return {
        "workspace_id": tenant,
        "project_id": project["id"],
        "tokens": {name: issued["token"] for name, issued in tokens.items()},
    }


def curl_commands(record: dict[str, Any]) -> list[str]:
    """Three commands that work as printed: plan a task, plan two that hang together, list them."""
    url, auth = record["url"], f"-H 'Authorization: Bearer {record['tokens']['admin']}'"
    scope = f'"scope":{{"type":"projects","ids":["{record["project_id"]}"]}}'
    json_type = "-H 'Content-Type: application/json'"
    task = f'{{"type":"task","title":"Review API docs",{scope},"task":{{"status":"todo","dueDate":"2026-12-05"}}}}'
    first = '{"id":"a","title":"Draft","task":{}}'
    second = '{"id":"b","title":"Publish","task":{"dependsOn":["a"]}}'
    return [
        f"curl -s {url}/v1/tracks {auth} {json_type} -d '{task}'",
        f"curl -s {url}/v1/tracks/apply {auth} {json_type} -d '{{{scope},\"updateDrafts\":[{first},{second}]}}'",
        f"curl -s '{url}/v1/tracks?scope=projects' {auth}",
    ]
