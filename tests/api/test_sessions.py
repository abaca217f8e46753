"""Sign in, stay signed in, sign out: sessions in a cookie beside bearer tokens (docs/console.md, "Sign-in")."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from switchyard.admin import Admin
from switchyard.aws.objects import ObjectStore
from switchyard.domain import clock, sessions
from switchyard.domain.actors import ROLES, SCOPES
from switchyard.domain.errors import Invalid
from switchyard.domain.ids import new_id
from switchyard.http import auth, cookies
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.browser import Browser, code_of, signed_in
from tests.support.http import Answer, Api
from tests.support.samples import ENDPOINTS, build, replay, sample

PROTECTED = sorted(name for name, each in ENDPOINTS.items() if not each.operation.public)
CHANGING = [name for name in PROTECTED if ENDPOINTS[name].operation.method != "GET"]
WITH_PATH_IDS = [
    name
    for name in PROTECTED
    if "{" in ENDPOINTS[name].operation.paths[0]
    and name
    not in {"projects.register_device", "projects.list_devices", "projects.unregister_device", "pool.execute_agent"}
]
TRACK = {"type": "task", "title": "x", "scope": {"type": "personal"}}


@pytest.fixture
def tenant(admin: Admin) -> str:
    return admin.create_tenant("Acme")


def with_cookie(operation: str, browser: Browser, tenant: str, headers: Mapping[str, str] = {}) -> dict[str, Any]:
    """The sample event of an operation as a browser sends it; API Gateway has cookies apart from the headers."""
    event = sample(operation, None, tenant)
    event["headers"] |= {**browser.headers, **headers}
    event["cookies"] = ["other=1", f"{cookies.NAME}={browser.cookie}"]
    return event


# ---------------------------------------------------------------- ways in


def test_a_link_signs_in_once_and_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    admin: Admin, tenant: str
) -> None:
    code = code_of(admin, tenant, name="Ada", role="owner")
    browser = Browser(**{"user-agent": "Firefox/151"})
    answer = browser.post("/v1/session", {"code": code})
    assert answer.status == 201
    assert answer.json["actor"] == {"id": "user_ada", "kind": "user", "name": "Ada"}
    assert answer.json["tenant"] == {"id": tenant, "name": "Acme"}
    assert answer.json["scopes"] == sorted(SCOPES)
    assert (answer.json["session"]["browser"], answer.json["session"]["current"]) == ("Firefox/151", True)
    (cookie,) = answer.cookies
    assert cookie.startswith("__Host-")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    seconds = int(cookie.partition("Max-Age=")[2].partition(";")[0])
    assert sessions.IDLE_SECONDS - 60 < seconds <= sessions.IDLE_SECONDS
    # the secret is in the cookie alone
    assert (browser.cookie or "") not in answer.text
    assert browser.get("/v1/session").json["actor"]["id"] == "user_ada"
    again = Browser().post("/v1/session", {"code": code})
    assert (again.status, again.cookies) == (401, ())


def test_of_two_who_use_a_link_at_once_one_gets_in(admin: Admin, tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from switchyard.store import sign_in_links

    code, find = code_of(admin, tenant), sign_in_links.find
    first: list[Answer] = []

    def meanwhile(table: Table, digest: str) -> Any:
        found = find(table, digest)
        if not first:
            first.append(Answer(0, {}, ""))
            first[0] = Browser().post("/v1/session", {"code": code})
        return found

    monkeypatch.setattr(sign_in_links, "find", meanwhile)
    second = Browser().post("/v1/session", {"code": code})
    assert [first[0].status, second.status] == [201, 401]


def test_a_link_counts_for_its_time_alone(admin: Admin, tenant: str, later: Any) -> None:
    code = code_of(admin, tenant, minutes=15)
    later(16 * 60)
    assert Browser().post("/v1/session", {"code": code}).status == 401


@pytest.mark.parametrize("minutes", [0, -1, 1_441])
def test_no_link_counts_for_longer_than_a_day(admin: Admin, tenant: str, minutes: int) -> None:
    with pytest.raises(Invalid):
        admin.sign_in_link(tenant, "user_ada", minutes=minutes)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_link_gives_what_its_role_may(admin: Admin, tenant: str, role: str) -> None:
    browser = signed_in(admin, tenant, role=role)
    assert browser.get("/v1/session").json["scopes"] == sorted(ROLES[role])
    assert browser.get("/v1/tracks").status == 200
    assert browser.post("/v1/tracks", TRACK).status == (403 if role == "viewer" else 201)
    assert browser.get("/v1/tokens").status == (200 if role == "owner" else 403)


def test_a_token_signs_in_with_its_own_scopes_and_no_longer_than_it_lasts(admin: Admin, tenant: str) -> None:
    issued = admin.issue_token(tenant, "user_bo", scopes=["tasks:read"], expires_at="30m", name="Bo")
    browser = Browser()
    answer = browser.post("/v1/session", {"token": issued["token"]})
    assert (answer.status, answer.json["scopes"], answer.json["actor"]["name"]) == (201, ["tasks:read"], "Bo")
    assert answer.json["session"]["expiresAt"] == issued["expiresAt"]
    assert browser.put("/v1/session").json["session"]["expiresAt"] == issued["expiresAt"]
    # it ends with the token that it was made from
    admin.revoke_token(tenant, issued["id"])
    auth.forget_all()
    assert browser.get("/v1/session").status == 401


@pytest.mark.parametrize(
    "body", [{}, {"code": "a", "token": "b"}, {"code": ""}, {"code": "x" * 1_000}, {"code": None}, {"user": "a"}]
)
def test_what_is_no_way_in_is_refused(table: Table, body: Any) -> None:
    assert Browser().post("/v1/session", body).status == 400


def test_neither_link_nor_session_nor_token_counts_as_another(admin: Admin, tenant: str) -> None:
    token = admin.issue_token(tenant, "user_ada", scopes=["tasks:read"])["token"]
    browser, code = signed_in(admin, tenant), code_of(admin, tenant)
    secret = browser.cookie or ""
    for wrong in (code, secret):
        assert Api(wrong).get("/v1/tracks").status == 401
        assert Browser().post("/v1/session", {"token": wrong}).status == 401
    for wrong in (token, secret):
        assert Browser().post("/v1/session", {"code": wrong}).status == 401
    for wrong in (token, code):
        assert Browser(wrong).get("/v1/tracks").status == 401


def test_only_digests_are_stored_and_logged_is_none_of_it(
    admin: Admin, tenant: str, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    code = code_of(admin, tenant)
    browser = Browser()
    browser.post("/v1/session", {"code": code})
    browser.put("/v1/session")
    rows = json.dumps(table.call("scan", TableName=table.name)["Items"])
    printed = "".join(capsys.readouterr())
    for secret in (code, browser.cookie or ""):
        assert len(secret) > 30
        assert secret not in rows + printed


# ---------------------------------------------------------------- fixation, other sites


def test_a_session_that_was_there_before_is_not_taken_over(admin: Admin, tenant: str) -> None:
    planted = signed_in(admin, tenant, "user_mallory").cookie
    browser = Browser(planted)
    assert browser.post("/v1/session", {"code": code_of(admin, tenant, "user_ada")}).status == 201
    assert browser.cookie not in (planted, None)
    assert browser.get("/v1/session").json["actor"]["id"] == "user_ada"
    assert Browser(planted).get("/v1/session").json["actor"]["id"] == "user_mallory"


@pytest.mark.parametrize("operation", CHANGING)
def test_no_page_of_another_site_changes_anything_by_the_cookie(operation: str, admin: Admin, tenant: str) -> None:
    browser = signed_in(admin, tenant)
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}):
        assert replay(operation, with_cookie(operation, browser, tenant, headers)).status == 403
    # nor by a form, which can send no header of its own, from a browser that says nothing of sites
    event = with_cookie(operation, browser, tenant)
    del event["headers"][cookies.HEADER], event["headers"]["sec-fetch-site"]
    assert replay(operation, event).status == 403


def test_no_page_of_another_site_reads_or_signs_in(admin: Admin, tenant: str) -> None:
    browser = signed_in(admin, tenant)
    assert browser.get("/v1/session", headers={"sec-fetch-site": "cross-site"}).status == 403
    # an address that a person types themselves comes from no site
    assert browser.get("/v1/session", headers={"sec-fetch-site": "none"}).status == 200
    code = code_of(admin, tenant)
    refused = Browser().post("/v1/session", {"code": code}, headers={"sec-fetch-site": "cross-site"})
    assert (refused.status, refused.json["code"], refused.cookies) == (403, "cross_site_request", ())
    form = Browser().post("/v1/session", text=json.dumps({"code": code}), headers={"content-type": "text/plain"})
    assert form.status == 415
    assert Browser().post("/v1/session", {"code": code}).status == 201


def test_a_bearer_token_counts_before_a_cookie(admin: Admin, tenant: str, caller: Caller) -> None:
    token = caller("user_bo").token
    browser = signed_in(admin, tenant)
    mixed = browser.get("/v1/session", headers={"authorization": f"Bearer {token}", "sec-fetch-site": "cross-site"})
    assert (mixed.json["actor"]["id"], mixed.json["session"]) == ("user_bo", None)


# ---------------------------------------------------------------- every operation, and every tenant


@pytest.mark.parametrize("operation", PROTECTED)
def test_every_operation_is_open_to_a_session(
    operation: str, admin: Admin, table: Table, bucket: ObjectStore, tenant: str
) -> None:
    there = new_id()
    build(operation, table, bucket, there)
    browser = signed_in(admin, there)
    answer = replay(operation, with_cookie(operation, browser, there))
    assert answer.status == ENDPOINTS[operation].operation.status, answer.text


@pytest.mark.parametrize("operation", WITH_PATH_IDS)
def test_another_tenants_things_are_not_found_by_a_session(
    operation: str, admin: Admin, table: Table, bucket: ObjectStore, tenant: str
) -> None:
    there = new_id()
    build(operation, table, bucket, there)
    answer = replay(operation, with_cookie(operation, signed_in(admin, tenant), there))
    assert answer.status == 404, answer.text


@pytest.mark.parametrize("operation", PROTECTED)
def test_a_session_that_was_ended_opens_nothing(operation: str, admin: Admin, tenant: str) -> None:
    browser = signed_in(admin, tenant)
    kept = Browser(browser.cookie)
    assert browser.delete("/v1/session").status == 204
    assert replay(operation, with_cookie(operation, kept, tenant)).status == 401


# ---------------------------------------------------------------- how long


def test_a_session_ends_after_twelve_idle_hours_and_renewing_it_extends_it(
    admin: Admin, tenant: str, later: Any
) -> None:
    browser, idle = signed_in(admin, tenant), signed_in(admin, tenant)
    later(11 * 3_600)
    answer = browser.put("/v1/session")
    assert answer.status == 200
    assert answer.cookies[0].startswith(f"{cookies.NAME}={browser.cookie}; Max-Age=43")
    later(13 * 3_600)
    assert browser.get("/v1/session").status == 200
    assert idle.get("/v1/session").status == 401
    later(24 * 3_600)
    assert browser.get("/v1/session").status == 401
    assert browser.put("/v1/session").status == 401


def test_no_session_lasts_longer_than_thirty_days(admin: Admin, tenant: str, later: Any) -> None:
    browser = signed_in(admin, tenant)
    for hours in range(10, 30 * 24, 10):
        later(hours * 3_600)
        assert browser.put("/v1/session").status == 200
    later(30 * 86_400 + 1)
    assert browser.get("/v1/session").status == 401


def test_a_session_that_is_ended_meanwhile_is_not_extended(admin: Admin, tenant: str) -> None:
    browser, other = signed_in(admin, tenant), signed_in(admin, tenant)
    kept = Browser(browser.cookie)
    assert kept.get("/v1/session").status == 200
    session_id = kept.get("/v1/session").json["session"]["id"]
    digest_cached = dict(auth._cache)
    assert other.delete(f"/v1/sessions/{session_id}").status == 204
    # a container that has not heard of it yet
    auth._cache.update(digest_cached)
    assert kept.put("/v1/session").status == 401
    auth.forget_all()
    assert kept.get("/v1/session").status == 401


# ---------------------------------------------------------------- list, revoke


def test_people_see_and_end_their_own_sessions_and_administrators_everybodys(admin: Admin, tenant: str) -> None:
    owner = signed_in(admin, tenant, "user_ada", "owner")
    member = signed_in(admin, tenant, "user_bo", "member")
    other = signed_in(admin, tenant, "user_bo", "member")
    mine = member.get("/v1/sessions").json["items"]
    assert [(each["actor"]["id"], each["current"]) for each in mine] == [("user_bo", False), ("user_bo", True)]
    everyone = owner.get("/v1/sessions").json["items"]
    assert [each["actor"]["id"] for each in everyone] == ["user_bo", "user_bo", "user_ada"]
    owners = everyone[2]["id"]
    assert member.delete(f"/v1/sessions/{owners}").status == 404
    assert owner.delete(f"/v1/sessions/{mine[0]['id']}").status == 204
    assert other.get("/v1/session").status == 401
    assert member.get("/v1/session").status == 200
    states = {each["id"]: each["status"] for each in owner.get("/v1/sessions").json["items"]}
    assert states[mine[0]["id"]] == "revoked"
    # sessions are no tokens: they have a list of their own, and a token's id is no session's
    assert owner.get("/v1/tokens").json["items"] == []
    token = admin.issue_token(tenant, "user_bo", scopes=["tasks:read"])["id"]
    assert owner.delete(f"/v1/sessions/{token}").status == 404


def test_signing_out_takes_the_cookie_away(admin: Admin, tenant: str) -> None:
    browser = signed_in(admin, tenant)
    answer = browser.delete("/v1/session")
    assert (answer.status, browser.cookie) == (204, None)
    assert "Max-Age=0" in answer.cookies[0]


def test_a_token_has_no_session_to_renew_or_end(api: Api, tenant: str) -> None:
    assert api.get("/v1/session").json["session"] is None
    assert (api.put("/v1/session").status, api.delete("/v1/session").status) == (200, 204)
    assert api.get("/v1/tracks").status == 200


# ---------------------------------------------------------------- reads that a client has already


def test_a_list_that_has_not_changed_is_not_sent_again(api: Api) -> None:
    first = api.get("/v1/tracks")
    tag = first.headers["etag"]
    same = api.get("/v1/tracks", headers={"if-none-match": f'"other", W/{tag}'})
    assert (same.status, same.text, same.headers["etag"]) == (304, "", tag)
    created = api.post("/v1/tracks", TRACK).json
    changed = api.get("/v1/tracks", headers={"if-none-match": tag})
    assert (changed.status, [each["id"] for each in changed.json["items"]]) == (200, [created["id"]])
    # A track's tag is its version, under which claims and counts move: it is always sent.
    track = api.get(f"/v1/tracks/{created['id']}", headers={"if-none-match": '"1"'})
    assert (track.status, track.headers["etag"]) == (200, '"1"')


def test_expiry_is_compared_in_the_ledgers_form() -> None:
    now = clock.now()
    assert sessions.end(now, None) > now
    assert sessions.end(now, now) == now
