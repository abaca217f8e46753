"""Programs are connected by the server's address alone: metadata, registration, consent, tokens (docs/oauth.md)."""

import re
from typing import Any

import pytest

from switchyard.admin import Admin
from switchyard.domain import clock
from switchyard.domain import oauth as rules
from switchyard.domain.actors import SCOPES
from switchyard.http import auth
from switchyard.ledger import oauth as verbs
from switchyard.pipeline import receivers
from switchyard.store import oauth as stored
from switchyard.store.table import Table
from switchyard.surfaces.oauth import clients
from tests.support import oauth
from tests.support.browser import Browser, signed_in
from tests.support.http import Api
from tests.support.oauth import BACK, BASE

DOCUMENT = "https://client.example/oauth/client.json"


@pytest.fixture
def tenant(admin: Admin) -> str:
    return admin.create_tenant("Acme & <Sons>")


@pytest.fixture
def ada(admin: Admin, tenant: str) -> Browser:
    return signed_in(admin, tenant)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    clients._cache.clear()
    monkeypatch.setattr(verbs, "_full", "")


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the host of a client answers with: the way out itself is tested in tests/unit/test_receivers.py."""
    answer: dict[str, Any] = {
        "status": 200,
        "type": "application/json; charset=utf-8",
        "body": f'{{"client_id": "{DOCUMENT}", "client_name": "Clod", "redirect_uris": ["{BACK}"], "logo_uri": "x"}}',
        "calls": [],
    }

    def get(url: str, _headers: object, most: int) -> tuple[int, str, bytes]:
        answer["calls"].append((url, most))
        return answer["status"], answer["type"], answer["body"].encode()

    monkeypatch.setattr(receivers, "get", get)
    return answer


def listed(browser: Browser) -> list[dict[str, Any]]:
    return [each for each in browser.get("/v1/sessions").json["items"] if each["client"]]


# ---------------------------------------------------------------- discovery


def test_who_may_not_enter_learns_where_to_ask_and_each_address_leads_to_the_next() -> None:
    refused = Api(None).post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert refused.status == 401
    found = re.search(r'resource_metadata="([^"]+)"', refused.headers["www-authenticate"])
    assert found
    resource = Api(None).get(found[1].removeprefix(BASE)).json
    (issuer,) = resource["authorization_servers"]
    assert resource["resource"] == f"{BASE}/mcp"
    assert resource["resource_documentation"].startswith(BASE)
    server = Api(None).get("/.well-known/oauth-authorization-server").json
    assert server["issuer"] == issuer == BASE
    assert server["code_challenge_methods_supported"] == ["S256"]
    assert server["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert server["authorization_response_iss_parameter_supported"] is True
    assert server["client_id_metadata_document_supported"] is True
    assert "settings:admin" not in server["scopes_supported"]


# ---------------------------------------------------------------- the flow


def test_a_program_is_connected_works_through_mcp_and_is_listed(ada: Browser) -> None:
    client = oauth.register()
    page = oauth.ask(ada, client, resource=f"{BASE}/mcp")
    for shown in ("Example", "client.example", "Acme &amp; &lt;Sons&gt;", "user_ada", SCOPES["tasks:write"], "/mcp"):
        assert shown in page.text
    back = oauth.decide(ada, page)
    assert (back["state"], back["iss"]) == ("st&te=1", BASE)
    answer = oauth.redeem(client, back["code"], resource=f"{BASE}/mcp/")
    assert answer.headers["cache-control"] == "no-store"
    issued = answer.json
    assert (issued["token_type"], issued["expires_in"]) == ("Bearer", 3600)
    assert issued["scope"] == "tasks:read tasks:write"
    program = Api(issued["access_token"])
    call = {"name": "create_task", "arguments": {"title": "By a program"}}
    made = program.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})
    assert made.status == 200
    assert "isError" not in made.json["result"]
    (connection,) = listed(ada)
    assert (connection["browser"], connection["client"], connection["status"]) == ("Example", client, "active")
    assert connection["actor"]["id"] == "user_ada"


def test_a_refusal_is_told_to_the_program_and_nothing_is_made(ada: Browser) -> None:
    back = oauth.decide(ada, oauth.ask(ada, oauth.register()), "deny")
    assert back == {"error": "access_denied", "state": "st&te=1", "iss": BASE}
    assert listed(ada) == []


def test_without_a_session_the_sign_in_comes_first_and_the_request_comes_back(ada: Browser) -> None:
    client = oauth.register()
    answer = oauth.ask(Browser(), client)
    assert answer.status == 303
    assert answer.headers["location"] == f"/console/connect?{oauth.query(client)}"
    assert Api(None).get(answer.headers["location"]).status == 200


def test_a_request_of_another_site_is_asked_again_from_this_origin(ada: Browser) -> None:
    page = oauth.ask(ada, oauth.register('"><script>'), headers={"sec-fetch-site": "cross-site"}, state='"><script>')
    assert page.status == 200
    assert '<meta http-equiv="refresh" content="0;url=/oauth/authorize?response_type=code&amp;' in page.text
    assert "<script" not in page.text
    assert "csrf" not in page.text


def test_the_code_may_be_redeemed_by_a_port_of_this_computer_that_was_not_registered(ada: Browser) -> None:
    client = oauth.register("CLI", "http://127.0.0.1/back")
    here = "http://127.0.0.1:49152/back"
    page = oauth.ask(ada, client, redirect_uri=here)
    assert "127.0.0.1:49152 (this computer)" in page.text
    assert "form-action 'self' http://127.0.0.1:49152;" in page.headers["content-security-policy"]
    assert oauth.redeem(client, oauth.decide(ada, page)["code"], redirect_uri=here).status == 200
    assert oauth.ask(ada, client, redirect_uri="http://127.0.0.1:49152/other").status == 400


def test_a_program_of_its_own_scheme_is_led_back_to(ada: Browser) -> None:
    client = oauth.register("Editor", "editor-x://oauth/back?kept=1")
    page = oauth.ask(ada, client, redirect_uri="editor-x://oauth/back?kept=1")
    assert "form-action 'self' editor-x:;" in page.headers["content-security-policy"]
    answer = oauth.form(ada, "/oauth/authorize", {**oauth.fields(page), "decision": "allow"})
    assert answer.headers["location"].startswith("editor-x://oauth/back?kept=1&code=sy_")


# ---------------------------------------------------------------- scopes and resources


def test_a_program_gets_what_the_person_has_and_never_what_makes_tokens(admin: Admin, tenant: str) -> None:
    viewer, owner = signed_in(admin, tenant, "user_vic", "viewer"), signed_in(admin, tenant, "user_own", "owner")
    client = oauth.register()
    assert oauth.connected(viewer, client)["scope"] == "tasks:read"
    everything = " ".join(SCOPES)
    assert oauth.connected(owner, client, scope=everything)["scope"] == " ".join(sorted(rules.GRANTABLE))
    refused = oauth.ask(owner, client, scope="settings:admin")
    assert (refused.status, "None of these scopes" in refused.text) == (400, True)


def test_a_program_that_names_no_scope_works_on_tasks(ada: Browser) -> None:
    client = oauth.register()
    assert oauth.connected(ada, client, scope=None)["scope"] == "tasks:read tasks:write"
    assert oauth.connected(ada, client, scope="offline_access")["scope"] == "tasks:read tasks:write"


def test_a_token_for_mcp_opens_nothing_else(ada: Browser) -> None:
    issued = oauth.connected(ada, oauth.register(), resource=f"{BASE}/mcp")
    program = Api(issued["access_token"])
    assert program.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "ping"}).status == 200
    assert program.post("/mcp/search", {"jsonrpc": "2.0", "id": 1, "method": "ping"}).status == 200
    refused = program.get("/v1/tracks")
    assert (refused.status, "made for /mcp alone" in refused.text) == (401, True)
    searching = Api(oauth.connected(ada, oauth.register(), resource=f"{BASE}/mcp/search")["access_token"])
    assert searching.post("/mcp/search", {"jsonrpc": "2.0", "id": 1, "method": "ping"}).status == 200
    assert searching.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "ping"}).status == 401
    whole = oauth.connected(ada, oauth.register(), resource=f"{BASE}/")
    assert Api(whole["access_token"]).get("/v1/tracks").status == 200


@pytest.mark.parametrize("resource", ["https://other.example/mcp", f"{BASE}/mcpx", f"{BASE}/v1", "mcp"])
def test_a_resource_of_another_server_is_refused(ada: Browser, resource: str) -> None:
    client = oauth.register()
    assert oauth.ask(ada, client, resource=resource).status == 400
    given = oauth.code(ada, client, resource=f"{BASE}/mcp")
    assert oauth.redeem(client, given, resource=resource).json["error"] == "invalid_target"
    assert oauth.redeem(client, given, resource=BASE).json["error"] == "invalid_target"


def test_a_client_that_was_allowed_everything_may_ask_for_tokens_for_less(ada: Browser) -> None:
    client = oauth.register()
    issued = oauth.connected(ada, client)
    less = oauth.refresh(client, issued["refresh_token"], resource=f"{BASE}/mcp").json
    assert Api(less["access_token"]).get("/v1/tracks").status == 401
    more = oauth.refresh(client, less["refresh_token"]).json
    assert Api(more["access_token"]).get("/v1/tracks").status == 200


# ---------------------------------------------------------------- refresh and revocation


def test_refresh_tokens_rotate_and_may_narrow_the_scope(ada: Browser) -> None:
    client = oauth.register()
    first = oauth.connected(ada, client)
    second = oauth.refresh(client, first["refresh_token"], scope="tasks:read").json
    assert second["scope"] == "tasks:read"
    assert second["refresh_token"] != first["refresh_token"]
    third = oauth.refresh(client, second["refresh_token"]).json
    assert third["scope"] == "tasks:read tasks:write"
    refused = oauth.refresh(client, third["refresh_token"], scope="tasks:read audit:read")
    assert (refused.status, refused.json["error"]) == (400, "invalid_scope")
    assert Api(third["access_token"]).get("/v1/tracks").status == 200


def test_a_refresh_token_that_comes_twice_ends_the_connection(ada: Browser) -> None:
    client = oauth.register()
    first = oauth.connected(ada, client)
    second = oauth.refresh(client, first["refresh_token"]).json
    assert oauth.refresh(client, first["refresh_token"]).json["error"] == "invalid_grant"
    auth.forget_all()
    for each in (first, second):
        assert Api(each["access_token"]).get("/v1/tracks").status == 401
    assert oauth.refresh(client, second["refresh_token"]).json["error"] == "invalid_grant"
    assert [each["status"] for each in listed(ada)] == ["revoked"]


def test_a_person_ends_a_connection_and_all_its_tokens_with_it(ada: Browser) -> None:
    client = oauth.register()
    issued, other = oauth.connected(ada, client), oauth.connected(ada, client)
    newest = listed(ada)[0]
    assert ada.delete(f"/v1/sessions/{newest['id']}").status == 204
    auth.forget_all()
    assert Api(other["access_token"]).get("/v1/tracks").status == 401
    assert oauth.refresh(client, other["refresh_token"]).json["error"] == "invalid_grant"
    assert Api(issued["access_token"]).get("/v1/tracks").status == 200


def test_a_program_revokes_an_access_token_alone_or_the_whole_connection(ada: Browser) -> None:
    client = oauth.register()
    issued = oauth.connected(ada, client)

    def revoke(token: str, by: str = client) -> int:
        return oauth.form(Api(None), "/oauth/revoke", {"token": token, "client_id": by, "token_type_hint": "x"}).status

    assert revoke(issued["access_token"], oauth.register()) == 200
    assert Api(issued["access_token"]).get("/v1/tracks").status == 200
    assert revoke(issued["access_token"]) == 200
    auth.forget_all()
    assert Api(issued["access_token"]).get("/v1/tracks").status == 401
    again = oauth.refresh(client, issued["refresh_token"]).json
    assert revoke(again["refresh_token"]) == 200
    auth.forget_all()
    assert Api(again["access_token"]).get("/v1/tracks").status == 401
    assert revoke("sy_nothing") == revoke(again["refresh_token"]) == 200


def test_a_connection_of_a_session_made_from_a_token_ends_with_the_token(admin: Admin, tenant: str) -> None:
    given = admin.issue_token(tenant, "user_tia", scopes=["tasks:read"])
    browser = Browser()
    assert browser.post("/v1/session", {"token": given["token"]}).status == 201
    issued = oauth.connected(browser, oauth.register())
    assert Api(issued["access_token"]).get("/v1/tracks").status == 200
    admin.revoke_token(tenant, given["id"])
    auth.forget_all()
    assert Api(issued["access_token"]).get("/v1/tracks").status == 401


def test_access_tokens_last_an_hour_and_refresh_tokens_thirty_days(ada: Browser, later: Any) -> None:
    client = oauth.register()
    issued = oauth.connected(ada, client)
    later(3_500)
    assert Api(issued["access_token"]).get("/v1/tracks").status == 200
    later(3_700)
    assert Api(issued["access_token"]).get("/v1/tracks").status == 401
    later(29 * 86_400)
    again = oauth.refresh(client, issued["refresh_token"])
    assert again.status == 200
    later(58 * 86_400)
    last = oauth.refresh(client, again.json["refresh_token"])
    assert last.status == 200
    later(89 * 86_400)
    assert oauth.refresh(client, last.json["refresh_token"]).json["error"] == "invalid_grant"


# ---------------------------------------------------------------- clients


def test_a_client_that_describes_itself_is_fetched_for_who_is_signed_in_alone(
    ada: Browser, described: dict[str, Any]
) -> None:
    assert oauth.ask(Browser(), DOCUMENT).status == 303
    assert described["calls"] == []
    page = oauth.ask(ada, DOCUMENT)
    assert f"Described at {DOCUMENT}" in page.text
    issued = oauth.redeem(DOCUMENT, oauth.decide(ada, page)["code"]).json
    assert Api(issued["access_token"]).get("/v1/tracks").status == 200
    # Once: the container remembers it.
    assert described["calls"] == [(DOCUMENT, clients.DOCUMENT_MAX)]
    assert listed(ada)[0]["client"] == DOCUMENT


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ({"status": 404}, "no JSON document"),
        ({"status": 302}, "no JSON document"),
        ({"type": "text/html"}, "no JSON document"),
        ({"body": "{"}, "not valid"),
        ({"body": f'{{"client_id": "{DOCUMENT}x", "redirect_uris": ["{BACK}"]}}'}, "another client_id"),
        ({"body": f'{{"redirect_uris": ["{BACK}"]}}'}, "another client_id"),
        ({"body": f'{{"client_id": "{DOCUMENT}", "redirect_uris": ["javascript:alert(1)"]}}'}, "not valid"),
        (
            {
                "body": f'{{"client_id": "{DOCUMENT}", "redirect_uris": ["{BACK}"], '
                '"token_endpoint_auth_method": "private_key_jwt"}'
            },
            "wants to authenticate",
        ),
    ],
)
def test_a_description_that_is_wrong_is_shown_as_such(
    ada: Browser, described: dict[str, Any], what: dict[str, Any], told: str
) -> None:
    described.update(what)
    page = oauth.ask(ada, DOCUMENT)
    assert (page.status, told in page.text) == (400, True), page.text


@pytest.mark.parametrize(
    "url",
    [
        "http://client.example/c.json",
        "https://127.0.0.1/c.json",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/c.json",
        "https://localhost/c.json",
        "https://a.internal/c.json",
        "https://user@client.example/c.json",
        "https://client.example",
        "https://client.example/",
        "https://client.example/a/../c.json",
        "https://client.example/c.json#x",
        "ftp://client.example/c.json",
    ],
)
def test_no_description_is_fetched_from_inside(ada: Browser, described: dict[str, Any], url: str) -> None:
    assert oauth.ask(ada, url).status == 400
    assert described["calls"] == []


@pytest.mark.parametrize(
    "uri",
    [
        "http://client.example/back",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://client.example/back#fragment",
        "https://user@client.example/back",
        "https://client.example/b\nack",
        "https://client.example;sandbox/back",
        "https://client.example,x/back",
        "https://*/back",
        "https://'self'/back",
        "//client.example/back",
        "/back",
        "https://",
        "https://client.example/" + "x" * 2_048,
    ],
)
def test_an_address_that_is_no_programs_is_not_registered(uri: str, table: Table) -> None:
    answer = Api(None).post("/oauth/register", {"redirect_uris": [uri]})
    assert (answer.status, answer.json["error"]) == (400, "invalid_redirect_uri")


def test_registered_clients_are_public_and_go_unless_somebody_connects_them(
    ada: Browser, later: Any, table: Table
) -> None:
    asked = {"redirect_uris": [BACK], "token_endpoint_auth_method": "client_secret_basic", "software_id": "x"}
    answer = Api(None).post("/oauth/register", asked)
    assert answer.json["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in answer.json
    unused, used = str(answer.json["client_id"]), oauth.register()
    oauth.connected(ada, used)
    later(86_500)
    assert stored.find_client(table, unused) is None
    assert stored.find_client(table, used) is not None
    # The table deletes what is over by itself.
    item = table.get(f"OAUTH#CLIENT#{unused}", "CLIENT")
    assert item
    assert int(item["expires_at"]["N"]) < clock.epoch()


def test_registrations_are_bounded_by_the_hour(table: Table, monkeypatch: pytest.MonkeyPatch, later: Any) -> None:
    monkeypatch.setattr("switchyard.store.oauth.REGISTRATIONS_MAX", 2)
    oauth.register()
    oauth.register()
    asked: list[str] = []
    table.observe = lambda operation, _: asked.append(operation)
    refused = [Api(None).post("/oauth/register", {"redirect_uris": [BACK]}) for _ in range(3)]
    assert {(each.status, each.json["error"]) for each in refused} == {(429, "temporarily_unavailable")}
    assert all(1 <= int(each.headers["retry-after"]) <= 3_600 for each in refused)
    # What is refused costs no further write in this container.
    assert asked == []
    later(3_600)
    oauth.register()


def test_what_a_client_may_not_say_is_named(table: Table) -> None:
    answer = Api(None).post("/oauth/register", {"client_name": 5})
    assert (answer.status, answer.json["error"]) == (400, "invalid_client_metadata")
    assert "redirect_uris" in answer.json["error_description"]
    many = Api(None).post("/oauth/register", {"redirect_uris": [f"{BACK}{n}" for n in range(11)]})
    assert many.status == 400
