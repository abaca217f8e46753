"""The operator's class and command line, against the table alone."""

import json

import pytest

from switchyard import admin as command_line
from switchyard.admin import Admin
from switchyard.domain.errors import Conflict, Invalid, NotFound
from switchyard.domain.ids import new_id, parse_id
from switchyard.store import keys
from switchyard.store.table import Table
from tests.support.http import Api


@pytest.fixture
def tenant(admin: Admin) -> str:
    return admin.create_tenant("Acme")


def test_a_tenant_keeps_its_name_on_its_row(admin: Admin, tenant: str) -> None:
    row = admin.table.get(*keys.tenant(tenant))
    assert row is not None
    assert (row["name"]["S"], parse_id(tenant)) == ("Acme", tenant)
    assert {"Acme"} == {each["name"] for each in admin.list_tenants(limit=1)["items"]}


def test_projects_are_numbered_from_one_in_each_tenant(admin: Admin, tenant: str) -> None:
    other = admin.create_tenant("Other")
    made = [admin.create_project(tenant, name) for name in ("Docs", "Docs 2", "Site")]
    assert [each["number"] for each in made] == [1, 2, 3]
    assert admin.create_project(other, "Docs")["number"] == 1
    assert [each["id"] for each in admin.list_projects(tenant)["items"]] == [each["id"] for each in reversed(made)]
    found = admin.table.get(*keys.project_number(tenant, 2))
    assert found is not None
    assert found["project_id"]["S"] == made[1]["id"]


def test_an_issued_token_opens_the_api_with_its_scopes_alone(admin: Admin, tenant: str) -> None:
    issued = admin.issue_token(tenant, "agent_a", kind="agent", scopes=["tasks:read"], name="Builder")
    client = Api(issued["token"])
    assert client.get("/v1/tracks").status == 200
    assert client.post("/v1/tracks", {"type": "task", "title": "x", "scope": {"type": "personal"}}).status == 403
    assert issued["actor"] == {"id": "agent_a", "kind": "agent", "name": "Builder", "number": 1}


def test_an_actor_keeps_its_number_and_takes_a_new_name(admin: Admin, tenant: str) -> None:
    first = admin.issue_token(tenant, "user_ada", scopes=["tasks:read"])
    other = admin.issue_token(tenant, "user_bob", scopes=["tasks:read"])
    again = admin.issue_token(tenant, "user_ada", scopes=["tasks:write"], name="Ada")
    silent = admin.issue_token(tenant, "user_ada", scopes=["tasks:write"])
    assert [each["actor"]["number"] for each in (first, other, again, silent)] == [1, 2, 1, 1]
    assert [each["actor"]["name"] for each in (first, again, silent)] == ["user_ada", "Ada", "Ada"]
    row = admin.table.get(*keys.actor(tenant, "user_ada"))
    assert row is not None
    assert row["name"]["S"] == "Ada"


def test_an_actor_is_a_user_or_an_agent_and_stays_so(admin: Admin, tenant: str) -> None:
    admin.issue_token(tenant, "ada", kind="user", scopes=["tasks:read"])
    with pytest.raises(Conflict, match="known as user"):
        admin.issue_token(tenant, "ada", kind="agent", scopes=["tasks:read"])
    assert len(admin.list_tokens(tenant)["items"]) == 1


def test_neither_secret_nor_digest_is_listed_and_the_secret_is_not_stored(admin: Admin, tenant: str) -> None:
    issued = admin.issue_token(tenant, "user_ada", scopes=["tasks:read"])
    stored = json.dumps(admin.table.call("scan", TableName=admin.table.name)["Items"])
    shown = json.dumps(admin.list_tokens(tenant))
    assert issued["token"] not in stored + shown
    assert "digest" not in shown


def test_a_revoked_token_is_refused_and_stays_listed(admin: Admin, tenant: str) -> None:
    issued = admin.issue_token(tenant, "user_ada", scopes=["tasks:read"])
    admin.revoke_token(tenant, issued["id"])
    (first,) = admin.list_tokens(tenant)["items"]
    admin.revoke_token(tenant, issued["id"])
    (second,) = admin.list_tokens(tenant)["items"]
    assert Api(issued["token"]).get("/v1/tracks").status == 401
    assert (first["status"], first["revokedBy"]) == ("revoked", "operator")
    assert first == second


def test_a_token_of_another_tenant_is_unknown(admin: Admin, tenant: str) -> None:
    issued = admin.issue_token(tenant, "user_ada", scopes=["tasks:read"])
    with pytest.raises(NotFound):
        admin.revoke_token(admin.create_tenant("Other"), issued["id"])
    assert Api(issued["token"]).get("/v1/tracks").status == 200


def test_an_unknown_tenant_is_refused_everywhere(admin: Admin) -> None:
    nowhere = new_id()
    for call in (
        lambda: admin.create_project(nowhere, "Docs"),
        lambda: admin.issue_token(nowhere, "user_ada", scopes=["tasks:read"]),
        lambda: admin.list_tokens(nowhere),
        lambda: admin.list_projects(nowhere),
        lambda: admin.revoke_token(nowhere, nowhere),
    ):
        with pytest.raises(NotFound):
            call()


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("actor.id", {"actor_id": "a#b"}),
        ("actor.id", {"actor_id": ""}),
        ("actor.id", {"actor_id": "a" * 129}),
        ("actor.kind", {"kind": "robot"}),
        ("actor.name", {"name": "two\nlines"}),
        ("actor.name", {"name": "x" * 121}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["tasks:admin"]}),
        ("scopes", {"scopes": ["tasks:read", "tasks:read"]}),
        ("expiresAt", {"expires_at": "yesterday"}),
        ("expiresAt", {"expires_at": "2020-01-01T00:00:00Z"}),
        ("expiresAt", {"expires_at": "0d"}),
        ("expiresAt", {"expires_at": "9999-12-31T23:59:59-10:00"}),
    ],
)
def test_what_is_wrong_with_a_token_is_said_by_field(admin: Admin, tenant: str, field: str, given: dict) -> None:
    values = {"actor_id": "user_ada", "scopes": ["tasks:read"], **given}
    with pytest.raises(Invalid) as refused:
        admin.issue_token(tenant, **values)
    assert [each.field for each in refused.value.fields] == [field]
    assert admin.list_tokens(tenant)["items"] == []


class CommandLine:
    """Runs commands as a shell would, against the test's table."""

    def __init__(self, capsys: pytest.CaptureFixture[str], table: Table) -> None:
        self.capsys, self.table = capsys, table

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        status = command_line.main(["--table", self.table.name, *arguments])
        out, err = self.capsys.readouterr()
        return status, out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], table: Table) -> CommandLine:
    return CommandLine(capsys, table)


def test_the_command_line_goes_from_tenant_to_revoked_token(run: CommandLine) -> None:
    _, out, _ = run("create-tenant", "Acme")
    tenant = out.strip()
    assert run("create-project", tenant, "Docs")[1].startswith("1  ")
    assert "  1  " in run("list-projects", tenant)[1]
    status, out, _ = run(
        "--json", "issue-token", tenant, "agent_a", "--kind", "agent", "--scope", "tasks:read", "--expires", "90d"
    )
    issued = json.loads(out)
    assert (status, Api(issued["token"]).get("/v1/tracks").status) == (0, 200)
    assert "active" in run("list-tokens", tenant)[1]
    assert run("revoke-token", tenant, issued["id"])[0] == 0
    assert "revoked" in run("list-tokens", tenant)[1]
    assert tenant in run("list-tenants", "--limit", "100")[1]


def test_the_command_line_makes_a_link_that_signs_a_person_in(run: CommandLine, admin: Admin, tenant: str) -> None:
    status, out, _ = run("sign-in-link", tenant, "user_ada", "--role", "viewer", "--name", "Ada")
    path, told = out.splitlines()[:2]
    assert (status, path.startswith("/console/sign-in#code=sy_")) == (0, True)
    assert "once, until" in told
    answer = Api(None).post("/v1/session", {"code": path.partition("#code=")[2]})
    assert (answer.status, answer.json["scopes"], answer.json["actor"]["name"]) == (201, ["tasks:read"], "Ada")
    status, _, error = run("sign-in-link", tenant, "user_ada", "--minutes", "2000")
    assert (status, "1 to 1440" in error) == (1, True)


def test_the_command_line_says_what_is_wrong_and_what_to_do_next(run: CommandLine) -> None:
    status, out, err = run("list-tokens", new_id())
    assert (status, out) == (1, "")
    assert err.startswith("error: There is no tenant")
    assert "next: list-tenants" in err
    status, _, err = run("issue-token", new_id(), "ada", "--scope", "tasks:read", "--expires", "yesterday")
    assert status == 1
    assert "expiresAt: 'yesterday' is not a time in the future" in err
    assert "next: give a time in the future (ISO 8601), or a duration" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("set-shards", "0"), "'0' is not a whole number of 1 or more"),
        (("spread-tracks", "--units", "-1"), "'-1' is not a whole number of 1 or more"),
        (("set-limits", "--per-day", "many"), "'many' is not a whole number of 1 or more"),
        (("usage", "--days", "1.5"), "'1.5' is not a whole number of 1 or more"),
        (("rebuild", "--pages", "0"), "'0' is not a whole number of 1 or more"),
        (("rebuild", "--start", "{"), "'{' is not a position that an earlier run printed after --start"),
        (("rebuild", "--start", '{"pk": {"S": "a"}}'), "is not a position that an earlier run printed"),
    ],
)
def test_an_argument_that_cannot_be_is_refused_with_what_would_be_right(
    run: CommandLine, tenant: str, arguments: tuple[str, ...], told: str
) -> None:
    command, *rest = arguments
    with pytest.raises(SystemExit) as ended:
        run(command, tenant, *rest)
    assert (ended.value.code, told in run.capsys.readouterr().err) == (2, True)


def test_a_rebuild_goes_on_at_the_position_that_it_printed(run: CommandLine, tenant: str) -> None:
    start = json.dumps({"pk": {"S": f"{tenant}#TENANT"}, "sk": {"S": "TENANT"}})
    assert run("rebuild", tenant, "--start", start, "--pages", "1") == (0, "nothing\n", "")


def test_the_table_is_found_by_name_variable_or_stack(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command_line.main(["list-tenants"]) == 0
    monkeypatch.delenv("TABLE_NAME")
    assert command_line.main(["--stack", "nowhere", "list-tenants"]) == 3
    assert "no CloudFormation stack 'nowhere'" in run.capsys.readouterr().err
    assert command_line.main(["--table", "nowhere", "list-tenants"]) == 3
    assert "no such table" in run.capsys.readouterr().err


def test_the_settings_of_a_tenant_are_read_and_changed(admin: Admin, tenant: str, run: CommandLine) -> None:
    assert admin.get_tenant(tenant)["autoRun"] == "off"
    shown = f"{tenant}  Acme  autoRun=agents  unknownProjects=warn\n"
    assert run("update-tenant", tenant, "--auto-run", "agents") == (0, shown, "")
    assert run("get-tenant", tenant) == (0, shown, "")
    assert admin.update_tenant(tenant)["autoRun"] == "agents"
    assert run("update-tenant", new_id(), "--auto-run", "off")[0] == 1
    with pytest.raises(Invalid):
        admin.update_tenant(tenant, "always")  # type: ignore[arg-type]
    client = Api(admin.issue_token(tenant, "user_root", scopes=["settings:admin"])["token"])
    assert client.get("/v1/tenant").json == admin.get_tenant(tenant)
    reader = Api(admin.issue_token(tenant, "user_ada", scopes=["tasks:read"])["token"])
    assert reader.get("/v1/tenant").status == 403
