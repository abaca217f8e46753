"""Tokens and projects over HTTP, for holders of settings:admin."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from switchyard.admin import Admin
from switchyard.aws.telemetry import logger
from switchyard.domain import clock, tokens
from switchyard.domain.actors import SCOPES
from switchyard.domain.ids import new_id
from switchyard.http import auth
from switchyard.store import keys
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer, Api

AGENT = {"id": "agent_a", "kind": "agent", "name": "Builder"}


@pytest.fixture
def tenant(table: Table) -> str:
    return Admin(table.name, table.client).create_tenant("Acme")


def issue(api: Api, **more: Any) -> Answer:
    return api.post("/v1/tokens", {"actor": AGENT, "scopes": ["tasks:read"], **more})


def listed(api: Api) -> list[dict[str, Any]]:
    return api.get("/v1/tokens?limit=100").json["items"]


def rows_of(table: Table, tenant: str) -> list[dict[str, Any]]:
    """Every row of the tenant, and every token."""
    items = table.call("scan", TableName=table.name)["Items"]
    return [item for item in items if tenant in json.dumps(item)]


# ---------------------------------------------------------------- tokens


def test_a_created_token_opens_what_its_scopes_say_and_nothing_else(api: Api) -> None:
    answer = issue(api, expiresAt="90d")
    token = answer.json
    assert answer.status == 201
    assert token["actor"] == {**AGENT, "number": 1}
    assert (token["scopes"], token["status"], token["createdBy"]) == (["tasks:read"], "active", "user_ada")
    client = Api(token["token"])
    assert client.get("/v1/tracks").status == 200
    refused = client.post("/v1/tracks", {"type": "task", "title": "x", "scope": {"type": "personal"}})
    assert (refused.status, refused.json["requiredScope"]) == (403, "tasks:write")


def test_no_one_grants_a_scope_beyond_their_own(caller: Caller) -> None:
    clerk = caller("user_clerk", scopes=["settings:admin", "tasks:read"])
    answer = issue(clerk, scopes=["tasks:read", "tasks:write"])
    assert (answer.status, answer.json["requiredScope"]) == (403, "tasks:write")
    assert "tasks:write" in answer.json["detail"]
    assert [each["actor"]["id"] for each in listed(clerk)] == ["user_clerk"]
    assert issue(clerk).status == 201


@pytest.mark.parametrize(
    ("field", "code", "change"),
    [
        ("actor", "required", {"actor": ...}),
        ("actor", "null", {"actor": None}),
        ("actor.id", "string_pattern_mismatch", {"actor": {"id": "a#b"}}),
        ("actor.id", "string_pattern_mismatch", {"actor": {"id": "ada~x"}}),
        ("actor.id", "string_pattern_mismatch", {"actor": {"id": "ada\n"}}),
        ("actor.id", "string_type", {"actor": {"id": 7}}),
        ("actor.kind", "literal_error", {"actor": {"id": "ada", "kind": "robot"}}),
        ("actor.name", "characters", {"actor": {"id": "ada", "name": "a\u0000b"}}),
        ("actor.name", "blank", {"actor": {"id": "ada", "name": "  "}}),
        ("actor.role", "unknown_field", {"actor": {"id": "ada", "role": "root"}}),
        ("scopes", "too_short", {"scopes": []}),
        ("scopes", "unknown_value", {"scopes": ["everything"]}),
        ("scopes", "duplicate", {"scopes": ["tasks:read", "tasks:read"]}),
        ("expiresAt", "date_time", {"expiresAt": "2026-02-30T00:00:00Z"}),
        ("expiresAt", "date_time", {"expiresAt": "2020-01-01T00:00:00Z"}),
        ("expiresAt", "null", {"expiresAt": None}),
    ],
)
def test_a_bad_token_request_names_the_field_and_writes_nothing(
    api: Api, table: Table, tenant: str, field: str, code: str, change: dict[str, Any]
) -> None:
    body = {"actor": AGENT, "scopes": ["tasks:read"], **change}
    before = rows_of(table, tenant)
    answer = api.post("/v1/tokens", {name: value for name, value in body.items() if value is not ...})
    assert answer.status == 400, answer.text
    assert [(each["field"], each["code"]) for each in answer.json["errors"]] == [(field, code)]
    assert rows_of(table, tenant) == before


def test_names_of_any_script_survive(api: Api) -> None:
    for name in ("آدا", "Ada 👩‍👩‍👧", "می‌خواهم"):
        made = issue(api, actor={"id": "ada", "name": name})
        assert (made.status, made.json["actor"]["name"]) == (201, name)


def test_an_actor_is_not_both_user_and_agent(api: Api) -> None:
    assert issue(api).status == 201
    answer = issue(api, actor={"id": "agent_a", "kind": "user"})
    assert (answer.status, answer.json["code"]) == (409, "conflict")


def test_tokens_are_listed_newest_first_a_page_at_a_time(api: Api) -> None:
    made = [issue(api).json["id"] for _ in range(3)]
    first = api.get("/v1/tokens?limit=2").json
    second = api.get(f"/v1/tokens?limit=2&cursor={first['nextCursor']}").json
    ids = [each["id"] for each in first["items"] + second["items"]]
    assert ids[:3] == made[::-1]
    assert (len(ids), second["nextCursor"]) == (4, None)


def test_a_cursor_of_another_list_or_tenant_is_refused(api: Api, caller: Caller) -> None:
    for _ in range(2):
        issue(api)
        api.post("/v1/projects", {"name": "Docs"})
    foreign = api.get("/v1/projects?limit=1").json["nextCursor"]
    own = api.get("/v1/tokens?limit=1").json["nextCursor"]
    stranger = caller(tenant=new_id())
    for client, cursor in ((api, foreign), (stranger, own), (api, own[:-2]), (api, "x" * 1025)):
        answer = client.get(f"/v1/tokens?cursor={cursor}")
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, "cursor")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "actor=ada", "limit=1&limit=2"])
def test_a_bad_query_is_refused(api: Api, query: str) -> None:
    assert api.get(f"/v1/tokens?{query}").status == 400
    assert api.get(f"/v1/projects?{query}").status == 400


def test_revocation_takes_effect_within_a_minute(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a token that a container has read already
    token = issue(api).json
    client = Api(token["token"])
    assert client.get("/v1/tracks").status == 200
    # when it is revoked, and less than a minute passes
    assert api.delete(f"/v1/tokens/{token['id']}").status == 204
    monotonic = auth.time.monotonic
    monkeypatch.setattr(auth.time, "monotonic", lambda: monotonic() + 59)
    # then it opens nothing any more
    assert client.get("/v1/tracks").status == 401
    (shown,) = [each for each in listed(api) if each["id"] == token["id"]]
    assert (shown["status"], shown["revokedBy"]) == ("revoked", "user_ada")


def test_a_token_expires_by_the_clock_though_it_is_cached(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Api(issue(api, expiresAt="30m").json["token"])
    assert client.get("/v1/tracks").status == 200
    monkeypatch.setattr(clock, "now", lambda: "2999-01-01T00:00:00.000Z")
    assert client.get("/v1/tracks").status == 401


def test_ones_own_token_can_be_revoked_and_revoking_again_changes_nothing(api: Api) -> None:
    own = issue(api, actor={"id": "user_eve"}, scopes=["settings:admin"]).json
    assert Api(own["token"]).delete(f"/v1/tokens/{own['id']}").status == 204
    auth.forget_all()
    assert Api(own["token"]).get("/v1/tokens").status == 401
    (before,) = [each for each in listed(api) if each["id"] == own["id"]]
    assert api.delete(f"/v1/tokens/{own['id']}").status == 204
    assert before in listed(api)


def test_an_unknown_a_foreign_and_a_malformed_id_revoke_nothing(api: Api, caller: Caller, table: Table) -> None:
    mine = issue(api).json
    other = Admin(table.name, table.client).create_tenant("Other")
    stranger = caller(tenant=other)
    assert stranger.delete(f"/v1/tokens/{mine['id']}").status == 404
    assert api.delete(f"/v1/tokens/{new_id()}").status == 404
    assert api.delete("/v1/tokens/no-id").status == 400
    assert Api(mine["token"]).get("/v1/tracks").status == 200


# ---------------------------------------------------------------- projects


def test_projects_get_the_tenants_next_number(api: Api) -> None:
    made = [api.post("/v1/projects", {"name": name}) for name in ("Docs", "Site", "Desk")]
    assert [(each.status, each.json["number"], each.json["name"]) for each in made] == [
        (201, 1, "Docs"),
        (201, 2, "Site"),
        (201, 3, "Desk"),
    ]
    page = api.get("/v1/projects?limit=2").json
    assert [each["number"] for each in page["items"]] == [3, 2]
    rest = api.get(f"/v1/projects?limit=2&cursor={page['nextCursor']}").json
    assert rest == {"items": [made[0].json], "nextCursor": None}


@pytest.mark.parametrize("name", [None, 7, "", " ", "a\nb", "x" * 121, "\ud800"])
def test_a_bad_project_name_is_refused_and_burns_no_number(api: Api, name: Any) -> None:
    answer = api.post("/v1/projects", {"name": name})
    assert answer.status == 400, answer.text
    assert api.post("/v1/projects", {"name": "Docs"}).json["number"] == 1


def test_projects_of_another_tenant_are_not_listed(api: Api, caller: Caller) -> None:
    api.post("/v1/projects", {"name": "Docs"})
    assert caller(tenant=new_id()).get("/v1/projects").json["items"] == []


def losing_a_race(table: Table, monkeypatch: pytest.MonkeyPatch, rival: Callable[[], Answer]) -> None:
    """Let the rival go through between the next request's read and its write."""
    write, rivals = table.write, [rival]

    def late(actions: Any, **more: Any) -> None:
        if rivals:
            assert rivals.pop()().status == 201
        write(actions, **more)

    monkeypatch.setattr(table, "write", late)


def test_a_project_that_lost_its_number_draws_the_next(api: Api, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    losing_a_race(table, monkeypatch, lambda: api.post("/v1/projects", {"name": "Rival"}))
    assert api.post("/v1/projects", {"name": "Ours"}).json["number"] == 2


def test_an_actor_that_lost_its_number_draws_the_next(api: Api, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    losing_a_race(table, monkeypatch, lambda: issue(api, actor={"id": "rival"}))
    assert issue(api).json["actor"]["number"] == 2


# ---------------------------------------------------------------- idempotency


def test_a_repeated_creation_creates_once(api: Api) -> None:
    key = {"idempotency-key": "k"}
    first = api.post("/v1/projects", {"name": "Docs"}, headers=key)
    again = api.post("/v1/projects", {"name": "Docs"}, headers=key)
    assert again.json == first.json
    assert again.headers["idempotency-replayed"] == "true"
    assert len(api.get("/v1/projects").json["items"]) == 1
    assert api.post("/v1/projects", {"name": "Site"}, headers=key).status == 409


def test_a_replay_of_a_tokens_creation_does_not_have_the_secret(api: Api, table: Table) -> None:
    key = {"idempotency-key": "k"}
    body = {"actor": AGENT, "scopes": ["tasks:read"]}
    first = api.post("/v1/tokens", body, headers=key)
    again = api.post("/v1/tokens", body, headers=key)
    assert (first.status, again.status, again.headers["idempotency-replayed"]) == (201, 201, "true")
    assert {**first.json, "token": None, "notice": ""} == {**again.json, "notice": ""}
    assert "shown in the first answer" in again.json["notice"]
    assert [each["id"] for each in listed(api)].count(first.json["id"]) == 1


def test_a_repeated_revocation_is_answered_the_same(api: Api) -> None:
    token, key = issue(api).json, {"idempotency-key": "k"}
    answers = [api.delete(f"/v1/tokens/{token['id']}", headers=key) for _ in range(2)]
    assert [each.status for each in answers] == [204, 204]
    assert answers[1].headers["idempotency-replayed"] == "true"


# ---------------------------------------------------------------- secrets stay secret


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that the composition logs is printed."""
    monkeypatch.setattr(logger, "level", 0)


def test_no_secret_and_no_digest_is_stored_logged_or_answered_a_second_time(
    api: Api, table: Table, tenant: str, log: None, capsys: pytest.CaptureFixture[str]
) -> None:
    created = api.post("/v1/tokens", {"actor": AGENT, "scopes": ["tasks:read"]}, headers={"idempotency-key": "k"})
    secret, token_id = created.json["token"], created.json["id"]
    client = Api(secret)
    # when the secret is used, listed, replayed, revoked, and sent where it does not belong
    answers = [
        client.get("/v1/tracks"),
        client.get("/v1/tokens"),
        api.get("/v1/tokens"),
        api.post("/v1/tokens", {"actor": AGENT, "scopes": ["tasks:read"]}, headers={"idempotency-key": "k"}),
        api.delete(f"/v1/tokens/{secret}"),
        api.delete(f"/v1/tokens/{secret}", headers={"idempotency-key": "other"}),
        api.get(f"/v1/tracks?status={secret[:20]}&cursor={secret}"),
        api.get(f"/v1/tracks?{secret}=1"),
        api.post("/v1/tokens", {"actor": AGENT, "scopes": [secret], "expiresAt": secret}),
        api.post("/v1/tracks", {"type": "task", "title": "x", "scope": {"type": "personal"}, secret: 1}),
        api.delete(f"/v1/tokens/{token_id}"),
        Api(secret[:-1] + "!").get("/v1/tracks"),
    ]
    digest = tokens.digest(secret)
    shown = "".join(answer.text + json.dumps(dict(answer.headers)) for answer in answers)
    logged = "".join(capsys.readouterr())
    assert logged.count('"request"') >= len(answers)
    for text in (shown, logged):
        assert secret not in text
        assert digest not in text
    # then the table knows the digest alone, and the secret is nowhere
    stored = json.dumps(rows_of(table, tenant))
    assert secret not in stored
    assert digest in stored


def test_every_scope_of_an_administrator_is_needed_for_administration_alone(caller: Caller) -> None:
    lacking = caller(scopes=sorted(set(SCOPES) - {"settings:admin"}))
    for answer in (issue(lacking), lacking.get("/v1/tokens"), lacking.get("/v1/projects")):
        assert (answer.status, answer.json["requiredScope"]) == (403, "settings:admin")


def test_a_token_row_does_not_outlive_its_use_for_ever(api: Api, table: Table, tenant: str) -> None:
    token = issue(api).json
    api.delete(f"/v1/tokens/{token['id']}")
    pointer = table.get(*keys.token_id(tenant, token["id"]))
    assert pointer is not None
    row = table.get(*keys.token(pointer["digest"]["S"]))
    assert row is not None
    assert "expires_at" in row
    assert row["expires_at"] == pointer["expires_at"]


def test_every_token_may_ask_whose_it_is(caller: Caller, tenant: str) -> None:
    answer = caller("agent_a", kind="agent", scopes=[]).get("/v1/me")
    assert answer.status == 200, answer.text
    shown = answer.json
    assert (shown["workspaceId"], shown["actor"]["id"], shown["actor"]["kind"]) == (tenant, "agent_a", "agent")
    assert shown["scopes"] == []
    assert caller("user_ada", scopes=["audit:read", "tasks:read"]).get("/v1/me").json["scopes"] == [
        "audit:read",
        "tasks:read",
    ]
