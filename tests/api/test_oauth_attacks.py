"""What is tried against the authorization server: the attacks of RFC 9700, and what each one gets."""

import html
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from switchyard.admin import Admin
from switchyard.aws.telemetry import logger
from switchyard.domain import tokens
from switchyard.http import auth, cookies
from switchyard.http.container import shared_table
from switchyard.store import oauth as stored
from switchyard.store.table import Table
from tests.support import oauth
from tests.support.browser import Browser, signed_in
from tests.support.http import Answer, Api
from tests.support.oauth import BASE

MARKUP = "<img src=x onerror=alert(1)>\"'&amp;\u202egnp"


@pytest.fixture
def tenant(admin: Admin) -> str:
    return admin.create_tenant("Acme")


@pytest.fixture
def ada(admin: Admin, tenant: str) -> Browser:
    return signed_in(admin, tenant)


@pytest.fixture
def client(table: Table) -> str:
    return oauth.register()


def opens(token: str) -> bool:
    auth.forget_all()
    return Api(token).get("/v1/tracks").status == 200


def assert_page(answer: Answer, status: int, told: str) -> None:
    """A refusal is a page that leads nowhere by itself."""
    assert (answer.status, "location" in answer.headers) == (status, False), answer.text
    assert told in html.unescape(answer.text)
    assert "http-equiv" not in answer.text


def assert_refused(answer: Answer, error: str) -> None:
    assert (answer.status, answer.json["error"]) == (400, error)
    assert "sy_" not in answer.text.replace("sy_…", "")


# ---------------------------------------------------------------- codes


def test_a_code_that_comes_twice_gets_nothing_and_ends_what_the_first_got(ada: Browser, client: str) -> None:
    code = oauth.code(ada, client)
    issued = oauth.redeem(client, code).json
    assert opens(issued["access_token"])
    assert_refused(oauth.redeem(client, code), "invalid_grant")
    assert not opens(issued["access_token"])
    assert_refused(oauth.refresh(client, issued["refresh_token"]), "invalid_grant")


def test_of_many_who_redeem_a_code_at_once_none_keeps_a_token(
    ada: Browser, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = oauth.code(ada, client)
    # All read the code before any of them uses it up.
    seen: list[Any] = []
    known = stored.find_code(shared_table(), tokens.digest(code))
    monkeypatch.setattr(stored, "find_code", lambda *_: seen.append(1) or known)
    answers = [oauth.redeem(client, code) for _ in range(3)]
    assert len(seen) == 3
    assert [each.status for each in answers] == [200, 400, 400]
    assert not opens(answers[0].json["access_token"])


def test_of_many_who_refresh_at_once_none_keeps_a_token(
    ada: Browser, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = oauth.connected(ada, client)
    known = stored.find_refresh(shared_table(), tokens.digest(issued["refresh_token"]))
    monkeypatch.setattr(stored, "find_refresh", lambda *_: known)
    answers = [oauth.refresh(client, issued["refresh_token"]) for _ in range(2)]
    assert [each.status for each in answers] == [200, 400]
    assert not opens(answers[0].json["access_token"])
    assert not opens(issued["access_token"])


def test_a_session_that_was_ended_leaves_no_connection_behind(
    ada: Browser, admin: Admin, tenant: str, client: str
) -> None:
    """Whoever stole it has its cookie remembered by a container for half a minute, and the code counts for a minute."""
    thief = Browser(ada.cookie)
    page = oauth.ask(thief, client)
    before = oauth.decide(thief, page)["code"]
    (known,) = [each for each in auth._cache.items()]
    assert ada.delete("/v1/session").status == 204
    # Another container remembers the session.
    auth._cache.update([known])
    after = oauth.decide(thief, page)["code"]
    assert_refused(oauth.redeem(client, before), "invalid_grant")
    assert_refused(oauth.redeem(client, after), "invalid_grant")
    again = signed_in(admin, tenant)
    assert [each for each in again.get("/v1/sessions").json["items"] if each["client"]] == []


def test_a_code_counts_for_a_minute(ada: Browser, client: str, later: Any) -> None:
    code, other = oauth.code(ada, client), oauth.code(ada, client)
    later(59)
    assert oauth.redeem(client, code).status == 200
    later(61)
    assert_refused(oauth.redeem(client, other), "invalid_grant")


def test_a_stolen_code_is_worth_nothing_without_the_verifier_or_to_another_client(ada: Browser, client: str) -> None:
    code = oauth.code(ada, client)
    assert_refused(oauth.redeem(client, code, code_verifier="w" * 43), "invalid_grant")
    assert_refused(oauth.redeem(client, code, code_verifier=oauth.challenge()), "invalid_grant")
    assert_refused(oauth.redeem(client, code, code_verifier="v" * 42), "invalid_grant")
    assert_refused(oauth.redeem(client, code, code_verifier=None), "invalid_request")
    assert_refused(oauth.redeem(oauth.register(), code), "invalid_grant")
    assert_refused(oauth.redeem(client, code, redirect_uri="https://client.example/other"), "invalid_grant")
    assert_refused(oauth.redeem(client, code, redirect_uri=None), "invalid_request")
    # None of that used it up.
    assert oauth.redeem(client, code).status == 200


def test_codes_refresh_tokens_and_access_tokens_do_not_stand_for_each_other(ada: Browser, client: str) -> None:
    code = oauth.code(ada, client)
    assert not opens(code)
    issued = oauth.connected(ada, client)
    assert not opens(issued["refresh_token"])
    assert_refused(oauth.refresh(client, issued["access_token"]), "invalid_grant")
    assert_refused(oauth.redeem(client, issued["refresh_token"]), "invalid_grant")
    assert_refused(oauth.refresh(oauth.register(), issued["refresh_token"]), "invalid_grant")
    # Nor does a program's token sign anybody in, to get the cookie that opens everything.
    assert Browser().post("/v1/session", {"token": issued["access_token"]}).status == 401
    # Nor the session's own secret, which is a browser's, where a token is wanted.
    assert not opens(str(ada.cookie))


def test_only_digests_are_stored(ada: Browser, client: str, table: Table) -> None:
    code = oauth.code(ada, client)
    issued = oauth.redeem(client, code).json
    rows = json.dumps(table.client.scan(TableName=table.name)["Items"])
    for secret in (code, issued["access_token"], issued["refresh_token"], str(ada.cookie), oauth.VERIFIER):
        assert secret not in rows


# ---------------------------------------------------------------- PKCE


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "s256"},
        {"code_challenge": None},
        {"code_challenge": ""},
        {"code_challenge": "short"},
        {"code_challenge": None, "code_challenge_method": None},
    ],
)
def test_pkce_is_never_left_out_nor_weakened(ada: Browser, client: str, changes: dict[str, Any]) -> None:
    assert_page(oauth.ask(ada, client, **changes), 400, "code_challenge")


# ---------------------------------------------------------------- where it leads


@pytest.mark.parametrize(
    "uri",
    [
        "https://client.example/back/",
        "https://client.example/back?x=1",
        "https://client.example/BACK",
        "https://client.example:8443/back",
        "https://client.example.evil.example/back",
        "https://evil.example/back",
        "https://client.example/back/../other",
        "https://client.example%2eevil.example/back",
        "http://client.example/back",
        "https://x@client.example/back",
        "https://client.example/back#x",
        "https://client.example/back\r\nset-cookie: a=b",
        "javascript:alert(1)//https://client.example/back",
        "//client.example/back",
    ],
)
def test_a_redirect_to_anywhere_else_is_a_page_and_leads_nowhere(ada: Browser, client: str, uri: str) -> None:
    assert_page(oauth.ask(ada, client, redirect_uri=uri), 400, "redirect_uri")


@pytest.mark.parametrize(
    "changes",
    [
        {"response_type": "token"},
        {"response_type": None},
        {"scope": "settings:admin"},
        {"resource": "https://evil.example"},
        {"client_id": "01981f5c-7a00-7000-8000-000000000001"},
        {"client_id": "x"},
        {"client_id": None},
        {"state": "s" * 4_097},
        {"redirect_uri": None},
    ],
)
def test_no_mistake_is_answered_by_a_redirect(ada: Browser, client: str, changes: dict[str, Any]) -> None:
    """Anybody may register an address: who is led there without a word would be by a link of ours."""
    answer = ada.get(f"/oauth/authorize?{oauth.query(client, **changes)}")
    assert_page(answer, 400, "Go back to the program")


def test_a_parameter_that_comes_twice_is_refused(ada: Browser, client: str) -> None:
    twice = f"{oauth.query(client)}&redirect_uri=https%3A%2F%2Fevil.example"
    assert_page(ada.get(f"/oauth/authorize?{twice}"), 400, "twice")
    doubled = f"{urlencode({'grant_type': 'refresh_token', 'client_id': client})}&client_id=x"
    answer = Api(None).request("POST", "/oauth/token", text=doubled, headers=oauth.FORM)
    assert_refused(answer, "invalid_request")


def test_the_way_to_sign_in_and_back_has_no_address_to_forge(client: str, table: Table) -> None:
    answer = Browser().get(f"/oauth/authorize?{oauth.query(client)}&next=https://evil.example&x=%0d%0aset-cookie:a")
    assert answer.headers["location"].startswith("/console/connect?response_type=code&")
    assert "\n" not in answer.headers["location"]
    assert "evil.example" in answer.headers["location"].partition("?")[2]


def test_the_answer_names_its_issuer_so_that_servers_are_not_mixed_up(ada: Browser, client: str) -> None:
    for decision in ("allow", "deny"):
        assert oauth.decide(ada, oauth.ask(ada, client), decision)["iss"] == BASE


# ---------------------------------------------------------------- forged requests


def decision(page: Answer, **changes: str) -> dict[str, str]:
    return {**oauth.fields(page), "decision": "allow", **changes}


def test_consent_is_given_on_this_very_page_of_this_very_session_alone(
    admin: Admin, tenant: str, ada: Browser, client: str
) -> None:
    page = oauth.ask(ada, client)
    eve = signed_in(admin, tenant, "user_eve")
    theirs = oauth.ask(eve, client)
    forged = {
        "another session's form": decision(theirs),
        "another request": decision(page, request=oauth.query(client, state="other")),
        "no proof": decision(page, csrf="0"),
        "no text of ours": decision(page, csrf="\u00e9"),
    }
    for what, values in forged.items():
        answer = oauth.form(ada, "/oauth/authorize", values)
        assert (answer.status, "location" in answer.headers) == (403, False), what
    for site in ("cross-site", "same-site", "none"):
        answer = oauth.form(ada, "/oauth/authorize", decision(page), {"sec-fetch-site": site})
        assert_page(answer, 403, "origin")
    assert [each for each in ada.get("/v1/sessions").json["items"] if each["client"]] == []
    assert oauth.form(ada, "/oauth/authorize", decision(page)).status == 303


def test_a_decision_without_a_session_leads_to_sign_in_and_decides_nothing(ada: Browser, client: str) -> None:
    page = oauth.ask(ada, client)
    values = decision(page)
    answer = oauth.form(Browser(), "/oauth/authorize", values)
    assert answer.headers["location"].startswith("/console/connect?response_type=code")
    assert ada.delete("/v1/session").status == 204
    assert "connect?" in oauth.form(Browser(), "/oauth/authorize", values).headers["location"]


def test_a_form_must_be_a_form(ada: Browser, client: str) -> None:
    values = decision(oauth.ask(ada, client))
    assert ada.post("/oauth/authorize", values).status == 415


def test_a_token_of_a_program_decides_nothing(ada: Browser, client: str) -> None:
    issued = oauth.connected(ada, client)
    page = oauth.ask(ada, client)
    bearer = {"authorization": f"Bearer {issued['access_token']}"}
    answer = oauth.form(Api(None), "/oauth/authorize", decision(page), bearer)
    assert "connect?" in answer.headers["location"]
    assert oauth.ask(Api(issued["access_token"]), client).status == 303


def test_a_session_is_not_fixed_by_a_cookie_or_an_address_that_somebody_else_chose(ada: Browser, client: str) -> None:
    fixed = Browser("sy_chosen")
    answer = fixed.get(f"/oauth/authorize?{oauth.query(client)}&{cookies.NAME}={ada.cookie}")
    assert answer.status == 303
    assert answer.cookies == ()


# ---------------------------------------------------------------- what is shown, and where


def test_the_pages_stand_in_no_frame_run_no_script_and_tell_no_other_site(ada: Browser, client: str) -> None:
    for page in (oauth.ask(ada, client), oauth.ask(ada, "x"), oauth.ask(ada, client, headers={"sec-fetch-site": "x"})):
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "base-uri 'none'" in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert "<script" not in page.text
        assert "style=" not in page.text


def test_names_of_clients_are_shown_as_text(ada: Browser, admin: Admin, table: Table) -> None:
    client = oauth.register(MARKUP)
    page = oauth.ask(ada, client)
    assert "<img" not in page.text
    assert "\u202e" not in page.text
    assert "&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;amp;gnp" in page.text
    oauth.redeem(client, oauth.decide(ada, page)["code"])
    (connection,) = [each for each in ada.get("/v1/sessions").json["items"] if each["client"]]
    assert connection["browser"] == MARKUP.replace("\u202e", "")
    other = admin.create_tenant(MARKUP)
    assert "<img" not in oauth.ask(signed_in(admin, other, "user_bea"), client).text


def test_parameters_are_shown_as_text(ada: Browser, client: str) -> None:
    for name in ("client_id", "redirect_uri", "scope", "resource", "state", "response_type"):
        answer = ada.get(f"/oauth/authorize?{oauth.query(client, **{name: MARKUP})}")
        assert "<img" not in answer.text, name


def test_no_secret_is_logged_or_quoted(
    ada: Browser, client: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logger, "level", 0)
    page = oauth.ask(ada, client)
    code = oauth.decide(ada, page)["code"]
    issued = oauth.redeem(client, code).json
    again = oauth.refresh(client, issued["refresh_token"]).json
    refused = oauth.redeem(client, code)
    wrong = oauth.redeem(f"sy_{'a' * 38}", code, redirect_uri=issued["access_token"])
    oauth.form(Api(None), "/oauth/revoke", {"token": again["refresh_token"], "client_id": client})
    said = capsys.readouterr()
    logged = said.out + said.err + refused.text + wrong.text
    assert "oauth.issue_tokens" in said.out
    assert client in said.out
    proof = oauth.fields(page)["csrf"]
    for secret in (code, *(each[name] for each in (issued, again) for name in ("access_token", "refresh_token"))):
        assert secret not in logged
    assert proof not in logged
    assert oauth.VERIFIER not in logged


def test_a_token_in_an_address_opens_nothing(ada: Browser, client: str) -> None:
    issued = oauth.connected(ada, client)
    assert Api(None).get(f"/v1/me?access_token={issued['access_token']}").status == 401
    assert Api(None).get(f"/oauth/token?refresh_token={issued['refresh_token']}").status == 405


def test_a_program_neither_sees_nor_ends_what_else_its_person_has_open(ada: Browser, client: str) -> None:
    """Whatever its scopes: it ends itself by its own tokens alone."""
    api = Api(oauth.connected(ada, client, scope="tasks:read tasks:write")["access_token"])
    assert api.get("/v1/sessions").status == 403
    for each in ada.get("/v1/sessions").json["items"]:
        refused = api.delete(f"/v1/sessions/{each['id']}")
        assert refused.status == 403
        assert "console" in refused.json["detail"]
    assert api.get("/v1/session").json["session"] is None
    assert ada.get("/v1/session").status == 200


def test_another_tenants_person_connects_their_own_workspace(admin: Admin, ada: Browser, client: str) -> None:
    bob = signed_in(admin, admin.create_tenant("Other"), "user_bob")
    issued = oauth.connected(bob, client)
    assert Api(issued["access_token"]).get("/v1/me").json["actor"]["id"] == "user_bob"
    (connection,) = [each for each in bob.get("/v1/sessions").json["items"] if each["client"]]
    assert ada.delete(f"/v1/sessions/{connection['id']}").status == 404
    assert opens(issued["access_token"])
