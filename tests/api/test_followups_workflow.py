"""The workflow that the follow-ups document prints, with the scopes that it recommends."""

from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.mcp import Mcp
from tests.support.projects import a_tenant
from tests.support.published import Published

RECOMMENDED = ["crm:read", "tasks:read", "tasks:write", "activity:write"]


def test_a_token_with_the_recommended_scopes_carries_the_workflow_out(
    caller: Caller, table: Table, tenant: str
) -> None:
    a_tenant(table, tenant, "Docs")
    admin = caller("user_root", scopes=["tasks:read", "tasks:write", "settings:admin"])
    body = {"actor": {"id": "agent_mail", "kind": "agent"}, "scopes": RECOMMENDED}
    answer = admin.post("/v1/tokens", body)
    assert answer.status == 201, answer.text
    agent = Published(Api(answer.json["token"]))
    task = agent.tool(
        "create_task",
        title="Follow up with Jane Doe",
        description="Came from a pricing email.",
        due_at="2026-12-04T09:00:00Z",
        related_resource_type="contact",
        related_resource_id="con_123",
    )["task"]
    assert [each["id"] for each in agent.tool("list_tasks", status="open")["tasks"]] == [task["id"]]
    for tool, instead in (("search_contacts", "related_resource_type"), ("log_activity", "audit trail")):
        error = Mcp(agent.api).request("tools/call", {"name": tool, "arguments": {}}).json["error"]
        assert (error["code"], instead in error["message"]) == (-32602, True)


def test_scopes_of_modules_that_are_not_here_open_nothing(caller: Caller) -> None:
    nobody = caller(scopes=["crm:read", "activity:write"])
    assert nobody.get("/v1/tasks").status == 403
    assert nobody.post("/v1/tasks", {"title": "T"}).status == 403
