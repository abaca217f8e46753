"""What clients are told when they ask wrongly, in the codes of RFC 6749 §5.2, RFC 7591 §3.2.2 and RFC 7009 §2.2.1."""

import json
import re
from typing import Any

import pytest

from switchyard.admin import Admin
from switchyard.domain import oauth as domain
from switchyard.domain.errors import Busy, SwitchyardError
from switchyard.http.endpoint import Opened
from switchyard.http.request import BODY_MAX
from switchyard.ledger import oauth as verbs
from switchyard.openapi_shared import EVERY_ERROR, SAMPLE_REQUEST
from switchyard.store.table import Table
from switchyard.surfaces.oauth.surface import OAUTH
from tests.support import oauth
from tests.support.browser import signed_in
from tests.support.http import Answer, Api

#: RFC 6749 §4.1.2.1 and §5.2, RFC 7591 §3.2.2, RFC 8707 §2.
CODES = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "invalid_target",
    "invalid_redirect_uri",
    "invalid_client_metadata",
    "unsupported_grant_type",
    "temporarily_unavailable",
    "server_error",
}
JSON = {"content-type": "application/json"}
OWN = [
    domain.GrantRefused(),
    domain.ClientRefused(),
    domain.ScopeRefused(),
    domain.TargetRefused(),
    domain.GrantTypeRefused(),
    domain.RegistrationRefused(),
    domain.RedirectRefused(),
    domain.TooManyRegistrations(60),
]


def post(path: str, text: str, headers: dict[str, str]) -> Answer:
    return Api(None).request("POST", path, text=text, headers=headers)


def assert_error(answer: Answer, status: int, code: str, *told: str) -> None:
    assert (answer.status, answer.json["error"]) == (status, code), answer.text
    assert set(answer.json) == {"error", "error_description"}
    for each in told:
        assert each in answer.json["error_description"]


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        (JSON, "'application/json'"),
        ({"content-type": "multipart/form-data; boundary=x"}, "'multipart/form-data'"),
        ({"content-type": "text/plain"}, "'text/plain'"),
        ({"content-type": ""}, "missing"),
    ],
)
def test_what_is_no_form_is_an_invalid_request_that_says_what_was_sent(
    table: Table, path: str, headers: dict[str, str], sent: str
) -> None:
    answer = post(path, json.dumps({"grant_type": "refresh_token"}), headers)
    assert_error(answer, 400, "invalid_request", f"Content-Type is {sent}: send application/x-www-form-urlencoded.")


def test_a_registration_that_is_a_form_is_told_to_be_json(table: Table) -> None:
    answer = post("/oauth/register", "client_name=x", oauth.FORM)
    assert_error(answer, 400, "invalid_client_metadata", "x-www-form-urlencoded", "send application/json")


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/oauth/token", oauth.FORM, "invalid_request"),
        ("/oauth/revoke", oauth.FORM, "invalid_request"),
        ("/oauth/register", JSON, "invalid_client_metadata"),
    ],
)
def test_bodies_that_cannot_be_read_are_the_clients_fault(
    table: Table, path: str, headers: dict[str, str], code: str
) -> None:
    assert_error(post(path, "x" * (BODY_MAX + 1), headers), 400, code, str(BODY_MAX))
    assert_error(post(path, "{}", {**headers, "content-encoding": "gzip"}), 400, code, "gzip")
    assert_error(post(path, "", headers), 400, code)


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ("{", "invalid_client_metadata", "not valid JSON"),
        ("[]", "invalid_client_metadata", "object"),
        ("{}", "invalid_redirect_uri", "redirect_uris: is required"),
        ('{"redirect_uris": []}', "invalid_redirect_uri", "redirect_uris"),
        ('{"redirect_uris": [1]}', "invalid_redirect_uri", "expected a string"),
        ('{"redirect_uris": ["http://client.example"]}', "invalid_redirect_uri", "expected https"),
        ('{"redirect_uris": ["https://client.example"], "client_name": 1}', "invalid_client_metadata", "client_name"),
        ('{"redirect_uris": 1, "client_name": 1}', "invalid_client_metadata", "client_name"),
    ],
)
def test_a_registration_is_refused_in_the_words_of_its_standard(table: Table, body: str, code: str, told: str) -> None:
    assert_error(post("/oauth/register", body, JSON), 400, code, told)


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        ({}, "invalid_request", "grant_type: is required"),
        ({"grant_type": "refresh_token"}, "invalid_request", "client_id: is required"),
        ({"grant_type": "password", "client_id": "x"}, "unsupported_grant_type", "refresh_token"),
        ({"grant_type": "refresh_token", "client_id": "x"}, "invalid_request", "refresh_token: is required"),
        (
            {"grant_type": "refresh_token", "client_id": "x", "resource": "https://evil.example"},
            "invalid_target",
            "https://api.test/mcp",
        ),
        ({"grant_type": "refresh_token", "client_id": "x", "resource": "x" * 2_049}, "invalid_target", "2048"),
        ({"grant_type": "refresh_token", "client_id": "x", "refresh_token": "x"}, "invalid_grant", "unknown"),
        ({"grant_type": 'x"\\\n\u202e', "client_id": "x", "code": "x" * 999}, "invalid_request", "code"),
    ],
)
def test_a_token_request_is_refused_in_the_words_of_its_standard(
    table: Table, given: dict[str, str], code: str, told: str
) -> None:
    answer = oauth.form(Api(None), "/oauth/token", given)
    assert_error(answer, 400, code, told)
    assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]+", answer.json["error_description"])


def test_a_resource_that_comes_twice_is_one_target_too_many(table: Table) -> None:
    twice = "grant_type=refresh_token&client_id=x&resource=https%3A%2F%2Fapi.test&resource=https%3A%2F%2Fapi.test%2Fmcp"
    assert_error(post("/oauth/token", twice, oauth.FORM), 400, "invalid_target", "twice")


def test_another_method_or_path_is_no_fault_of_the_server(table: Table) -> None:
    for path in ("/oauth/token", "/oauth/register", "/oauth/revoke"):
        answer = Api(None).get(path)
        assert answer.status == 405
        assert "POST" in answer.headers["allow"]
        assert answer.json["error"] in ("invalid_request", "invalid_client_metadata")
    assert_error(Api(None).post("/oauth/introspect", {}), 404, "invalid_request")


def test_a_revocation_that_comes_again_is_answered_as_the_first(admin: Admin, table: Table) -> None:
    ada, client = signed_in(admin, admin.create_tenant("Acme")), oauth.register()
    issued = oauth.connected(ada, client)
    for token in (issued["access_token"], issued["access_token"], issued["refresh_token"], issued["refresh_token"]):
        assert oauth.form(Api(None), "/oauth/revoke", {"token": token, "client_id": client}).status == 200


def test_a_server_that_is_busy_says_so_and_when_to_come_again(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any) -> Opened[Any]:
        raise Busy

    monkeypatch.setattr(verbs, "refresh", busy)
    answer = oauth.refresh("x", "x")
    assert_error(answer, 503, "temporarily_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("error", [*EVERY_ERROR, *OWN], ids=lambda each: type(each).__name__)
def test_every_error_has_a_code_of_the_standards(error: SwitchyardError) -> None:
    status, _, text = OAUTH.refuse(error, SAMPLE_REQUEST)
    code = json.loads(text)["error"]
    assert code in CODES
    assert (code == "server_error") == (status == 500)
    assert (code == "temporarily_unavailable") == (status in (429, 503))
    # RFC 6749 §5.2 has no other status for what is wrong with a request.
    assert status not in (413, 415)
