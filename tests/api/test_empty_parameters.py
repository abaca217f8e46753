"""An empty query parameter says as much as one left out, on every surface."""

from typing import Any

import pytest

from switchyard.http.operation import Operation
from switchyard.store.table import Table
from tests.support.http import Answer, Api, all_endpoints
from tests.support.planning import DOCS
from tests.support.projects import a_tenant

LISTS = {
    each.operation.name: each.operation
    for each in all_endpoints()
    if each.operation.method == "GET"
    and each.operation.query
    and "{" not in each.operation.paths[0]
    # An authorization request is no list: most of its parameters are required.
    and not each.operation.public
} | {
    each.operation.name: each.operation
    for each in all_endpoints()
    if each.operation.name in ("projects.list_tasks", "objectives.list_objectives", "pool.list_deliveries")
}


def fill(operation: Operation, tenant: str, webhook: str) -> str:
    path = operation.paths[0]
    return path.replace("{project}", "1").replace("{workspaceId}", tenant).replace("{id}", webhook)


def names(operation: Operation) -> list[str]:
    assert operation.query
    return [field.alias or name for name, field in operation.query.model_fields.items()]


def content(answer: Answer) -> Any:
    body = answer.json
    return {**body, "request_id": ""} if isinstance(body, dict) else body


@pytest.mark.parametrize("name", sorted(LISTS))
def test_every_parameter_of_every_list_may_be_empty(api: Api, table: Table, tenant: str, name: str) -> None:
    a_tenant(table, tenant, "Docs")
    operation = LISTS[name]
    for path, body in (
        ("/v1/tracks", {"type": "task", "title": "A", "scope": DOCS, "task": {}}),
        ("/api/v1/tasks", {"title": "B"}),
        ("/api/projects/1/tasks", {"title": "C"}),
        (f"/v1/workspaces/{tenant}/objectives", {"agentId": "agent_a", "systemPromptData": {}}),
    ):
        assert api.post(path, body).status in (200, 201)
    webhook = api.post("/api/v1/webhooks", {"url": "https://example.com/a", "events": ["task.*"]}).json["id"]
    url = fill(operation, tenant, webhook)
    bare = api.get(url)
    assert bare.status == 200, bare.text
    for parameter in names(operation):
        answer = api.get(f"{url}?{parameter}=")
        assert (answer.status, content(answer)) == (200, content(bare)), (parameter, answer.text)
    everything = api.get(f"{url}?{'&'.join(f'{parameter}=' for parameter in names(operation))}")
    assert content(everything) == content(bare)


def test_lists_of_every_surface_are_held_to_it() -> None:
    assert {LISTS[name].surface.name for name in LISTS} >= {
        "planning",
        "pool",
        "projects",
        "followups",
        "objectives",
        "audit",
        "administration",
    }


def test_an_empty_value_beside_others_adds_nothing(api: Api) -> None:
    task = {"type": "task", "title": "A", "scope": DOCS, "task": {"status": "todo"}}
    made = api.post("/v1/tracks", task).json["id"]
    assert [each["id"] for each in api.get("/v1/tracks?status=&status=todo").json["items"]] == [made]


def test_an_empty_parameter_that_nothing_knows_is_as_unknown_as_ever(api: Api) -> None:
    assert api.get("/v1/tracks?nonsense=").status == 400
    assert api.get("/api/v1/tasks?nonsense=").status == 400
