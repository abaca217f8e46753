"""Scopes that name projects which the tenant does not have: told of in a header, or refused by its setting."""

from collections.abc import Iterator
from typing import Any

import pytest

from switchyard.admin import Admin
from switchyard.aws.objects import ObjectStore
from switchyard.domain.actors import SCOPES
from switchyard.ledger import projects
from switchyard.store.table import Table
from tests.support.http import Answer, Api
from tests.support.mcp import Mcp
from tests.support.planning import assert_refused

HEADER = "projects-unknown"
DRAFTS = [{"id": "a", "title": "A", "task": {}}]


@pytest.fixture
def tenant(admin: Admin) -> str:
    return admin.create_tenant("Acme")


@pytest.fixture
def api(admin: Admin, tenant: str) -> Iterator[Api]:
    projects.forget_all()
    yield Api(admin.issue_token(tenant, "user_ada", scopes=sorted(SCOPES))["token"])
    projects.forget_all()


@pytest.fixture
def docs(admin: Admin, tenant: str) -> Any:
    return admin.create_project(tenant, "Docs")


def scope(*ids: str) -> dict[str, Any]:
    return {"type": "projects", "ids": list(ids)}


def create(api: Api, *ids: str, key: str | None = None) -> Answer:
    headers = {"idempotency-key": key} if key else {}
    return api.post("/v1/tracks", {"type": "task", "title": "A", "scope": scope(*ids)}, headers=headers)


def apply(api: Api, *ids: str) -> Answer:
    return api.post("/v1/tracks/apply", {"scope": scope(*ids), "updateDrafts": DRAFTS})


def test_a_known_project_and_none_at_all_are_not_warned_of(api: Api, docs: Any) -> None:
    for answer in (create(api, docs["id"]), create(api), apply(api, docs["id"])):
        assert answer.status < 300
        assert HEADER not in answer.headers


def test_what_is_no_projects_id_is_taken_and_told_of_by_every_way_in(api: Api, docs: Any, bucket: ObjectStore) -> None:
    made = create(api, docs["id"], "docs")
    assert made.status == 201
    assert made.json["scope"] == scope(docs["id"], "docs")
    # With the id of the project that is called so; a name that no project has stands alone.
    assert made.headers[HEADER] == f'"docs";id="{docs["id"]}"'
    assert apply(api, "site").headers[HEADER] == '"site"'
    changed = api.patch(f"/v1/tracks/{made.json['id']}", {"scope": scope("docs", "site")})
    assert changed.headers[HEADER] == '"site"', "what the track was in before is not told of again"
    assert api.post("/v1/imports", {"scope": scope("site")}).headers[HEADER] == '"site"'
    assert Mcp(api).ok("plan_work", scope=scope("site"), drafts=DRAFTS)["unknown_projects"] == ["site"]
    assert "unknown_projects" not in Mcp(api).ok("plan_work", scope=scope(docs["id"]), drafts=DRAFTS)


def test_any_name_fits_into_the_header(api: Api) -> None:
    told = create(api, 'a "b" \\, c', "Ünï, 100%").headers[HEADER]
    assert told == '"a \\"b\\" \\\\, c", %"%c3%9cn%c3%af, 100%25"'
    many = create(api, *(chr(0x4E00 + n) * 128 for n in range(10))).headers[HEADER]
    assert many.isascii()
    assert len(many) < 4_000


def test_a_repeated_request_is_told_again(api: Api) -> None:
    first, again = (create(api, "site", key="k1") for _ in range(2))
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers[HEADER] == first.headers[HEADER] == '"site"'


def test_what_was_read_of_a_project_is_remembered_for_a_while(
    api: Api, table: Table, docs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(api, docs["id"], "site")
    calls = []
    real = table.get_many
    monkeypatch.setattr(Table, "get_many", lambda self, row_keys: calls.append(row_keys) or real(row_keys))
    assert create(api, docs["id"], "site").headers[HEADER] == '"site"'
    assert not calls
    monkeypatch.setattr(projects, "SECONDS", -1.0)
    projects.forget_all()
    create(api, docs["id"], "site")
    assert len(calls) == 1, "both projects, their names and the tenant are one read"


def test_what_is_remembered_is_bounded(api: Api, docs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "IDS_MAX", 2)
    for each in ("site", "blog"):
        create(api, docs["id"])
        create(api, "other")
        # The new id drives out what is remembered of the project, within one request.
        assert create(api, each, docs["id"]).headers[HEADER] == f'"{each}"'


def test_a_tenant_may_have_them_refused(api: Api, docs: Any) -> None:
    assert api.get("/v1/tenant").json["unknownProjects"] == "warn"
    assert api.patch("/v1/tenant", {"unknownProjects": "refuse"}).json["unknownProjects"] == "refuse"
    before = len(api.get("/v1/tracks").json["items"])
    for answer in (create(api, docs["id"], "dosc"), apply(api, docs["id"], "dosc")):
        assert_refused(answer, 422, "scope.ids.1", "no project has the id 'dosc'")
        assert f"{docs['id']} (Docs)" in answer.json["errors"][0]["expected"]
    assert_refused(api.post("/v1/imports", {"scope": scope("DOCS")}), 422, "scope.ids.0")
    refused = Mcp(api).refused("plan_work", "validation_failed", scope=scope("x"), drafts=DRAFTS)
    assert "scope.ids.0" in str(refused)
    daily = {"name": "Daily", "expression": "rate(1 day)"}
    made = api.post("/v1/schedules", {**daily, "createTask": {"title": "Report", "scope": scope(docs["id"])}}).json
    changed = {"createTask": {"title": "Report", "scope": scope("dosc")}}
    assert api.patch(f"/v1/schedules/{made['id']}", changed).status == 422
    assert len(api.get("/v1/tracks").json["items"]) == before
    assert create(api, docs["id"]).status == 201
    # One that is created is there at once.
    new = api.post("/v1/projects", {"name": "Site"}).json["id"]
    assert create(api, new).status == 201
    assert api.patch("/v1/tenant", {"unknownProjects": "warn"}).json["unknownProjects"] == "warn"
    assert create(api, "dosc").headers[HEADER] == '"dosc"'


def test_a_track_keeps_the_unknown_projects_that_it_is_in(api: Api) -> None:
    made = create(api, "site").json
    api.patch("/v1/tenant", {"unknownProjects": "refuse"})
    projects.forget_all()
    assert api.patch(f"/v1/tracks/{made['id']}", {"title": "B", "scope": scope("site")}).status == 200
    assert_refused(api.patch(f"/v1/tracks/{made['id']}", {"scope": scope("site", "more")}), 422, "scope.ids.1")


def test_the_setting_is_one_of_two_and_the_administrators(api: Api, admin: Admin, tenant: str) -> None:
    assert_refused(api.patch("/v1/tenant", {"unknownProjects": "ignore"}), 400, "unknownProjects")
    assert admin.update_tenant(tenant, unknown_projects="refuse")["unknownProjects"] == "refuse"
    assert admin.update_tenant(tenant, auto_run="agents")["unknownProjects"] == "refuse", "the other one stays"
