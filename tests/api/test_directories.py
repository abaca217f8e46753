"""Who there is, and which projects: members and agents, projects that are read, renamed and archived."""

import pytest

from switchyard.admin import Admin
from switchyard.domain.ids import new_id
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Api
from tests.support.planning import assert_refused


@pytest.fixture
def tenant(table: Table) -> str:
    return Admin(table.name, table.client).create_tenant("Acme")


def token(api: Api, name: str, kind: str) -> None:
    body = {"actor": {"id": name, "kind": kind, "name": name.title()}, "scopes": ["tasks:read"]}
    assert api.post("/v1/tokens", body).status == 201


def project(api: Api, name: str) -> str:
    answer = api.post("/v1/projects", {"name": name})
    assert answer.status == 201, answer.text
    return str(answer.json["id"])


def test_people_and_agents_are_listed_by_id_in_pages(api: Api, caller: Caller) -> None:
    for name, kind in (("cleo", "user"), ("agent_b", "agent"), ("agent_a", "agent"), ("bert", "user")):
        token(api, name, kind)
    reader = caller("reader", scopes=["tasks:read"])
    everyone = reader.get("/v1/members").json["items"]
    assert [each["id"] for each in everyone] == ["agent_a", "agent_b", "bert", "cleo"]
    assert everyone[0] | {"createdAt": ""} == {
        "id": "agent_a",
        "kind": "agent",
        "name": "Agent_A",
        "number": 3,
        "createdAt": "",
    }
    page = reader.get("/v1/members?kind=agent&limit=1").json
    rest = reader.get(f"/v1/members?kind=agent&limit=1&cursor={page['nextCursor']}").json
    assert [each["id"] for each in (*page["items"], *rest["items"])] == ["agent_a", "agent_b"]
    assert_refused(reader.get(f"/v1/members?kind=user&cursor={page['nextCursor']}"), 400, "cursor")
    assert caller(tenant=new_id()).get("/v1/members").json["items"] == []


def test_a_project_is_read_renamed_archived_and_taken_up_again(api: Api, caller: Caller) -> None:
    found = project(api, "Docs")
    path = f"/v1/projects/{found}"
    assert caller("reader", scopes=["tasks:read"]).get(path).json["name"] == "Docs"
    renamed = api.patch(path, {"name": "Handbook"})
    assert (renamed.status, renamed.json["name"], renamed.json["archivedAt"]) == (200, "Handbook", None)
    archived = api.patch(path, {"archived": True}).json["archivedAt"]
    assert archived is not None
    assert api.patch(path, {"archived": True}).json["archivedAt"] == archived
    assert api.patch(path, {"archived": False}).json["archivedAt"] is None
    assert [each["name"] for each in api.get("/v1/projects").json["items"]] == ["Handbook"]
    assert caller("reader", scopes=["tasks:read"]).patch(path, {"name": "Mine"}).status == 403
    other = caller(tenant=new_id())
    assert_refused(other.get(path), 404)
    assert_refused(other.patch(path, {"name": "Theirs"}), 404)


def test_no_two_projects_have_the_same_name(api: Api) -> None:
    first, second = project(api, "Docs"), project(api, "Site")
    refused = api.post("/v1/projects", {"name": "ＤＯＣＳ"})
    assert (refused.status, first in refused.json["detail"]) == (409, True)
    assert_refused(api.patch(f"/v1/projects/{second}", {"name": "docs"}), 409)
    assert api.patch(f"/v1/projects/{first}", {"name": "DOCS"}).json["name"] == "DOCS"
    assert api.patch(f"/v1/projects/{first}", {"name": "Handbook"}).status == 200
    assert api.patch(f"/v1/projects/{second}", {"name": "Docs"}).status == 200
