"""People sign in by an OpenID Connect issuer: who may, as whom, and what an issuer or a stranger cannot do."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from switchyard.admin import Admin
from switchyard.admin.cli import main
from switchyard.aws.telemetry import logger
from switchyard.domain.actors import ROLES
from switchyard.domain.errors import Busy, Conflict, Invalid, NotFound
from switchyard.http import cookies
from switchyard.ledger import oidc as verbs
from switchyard.pipeline import receivers
from switchyard.store import mailboxes
from switchyard.store.table import Table
from switchyard.surfaces.sessions import oidc as sessions_oidc
from switchyard.surfaces.sessions import provider
from tests.support.browser import Browser
from tests.support.http import Answer
from tests.support.issuer import CLIENT, SECRET, Issuer, issuer
from tests.support.template import resources

BEGIN, CALLBACK = "/v1/session/oidc", "/v1/session/oidc/callback"


@pytest.fixture
def idp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """The operator's issuer."""
    provider._cache.clear()
    provider._secret.cache_clear()
    monkeypatch.setenv("WEBHOOKS_LOCAL", "true")
    with issuer() as made:
        monkeypatch.setenv("OIDC_ISSUER", made.url)
        monkeypatch.setenv("OIDC_CLIENT_ID", CLIENT)
        yield made


@pytest.fixture
def tenant(admin: Admin) -> str:
    return admin.create_tenant("Acme")


class Visitor(Browser):
    """A browser that also keeps the cookie of a sign-in under way, as API Gateway hands it on."""

    flow: str | None = None

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, text: Any = None) -> Answer:
        session, self.cookie = self.cookie, None
        pairs = ((cookies.NAME, session), (cookies.FLOW_NAME, self.flow))
        sent = {"cookie": "; ".join(f"{name}={value}" for name, value in pairs if value), **(headers or {})}
        answer = super().request(method, url, body, sent, text)
        found = dict(each.partition(";")[0].split("=", 1) for each in answer.cookies)
        self.cookie = found.get(cookies.NAME, session) or None
        self.flow = found.get(cookies.FLOW_NAME, self.flow) or None
        return answer


def begun(visitor: Visitor, following: str = "") -> str:
    """Begin a sign-in; returns the address at the issuer."""
    answer = visitor.get(BEGIN + (f"?{urlencode({'next': following})}" if following else ""))
    assert answer.status == 303, answer.text
    return str(answer.headers["location"])


def came_back(visitor: Visitor, address: str) -> Answer:
    """Come back from the issuer, as a link of another site does."""
    path = f"{CALLBACK}?{urlsplit(address).query}"
    return visitor.get(path, headers={"sec-fetch-site": "cross-site", "user-agent": "Firefox"})


def signed_in(idp: Issuer, following: str = "") -> tuple[Visitor, Answer]:
    visitor = Visitor()
    return visitor, came_back(visitor, idp.authorize(begun(visitor, following)))


def assert_refused(answer: Answer, problem: str) -> None:
    assert answer.status == 303
    assert answer.headers["location"] == f"/console/sign-in?problem={problem}"
    assert not [each for each in answer.cookies if each.startswith(f"{cookies.NAME}=")]


# ---------------------------------------------------------------- who may, as whom


def test_who_is_invited_becomes_that_actor_with_that_role(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.invite(tenant, "Ada@Example.com", "viewer", "user_ada")
    ada, answer = signed_in(idp, "/console/inbox?a=1")
    assert answer.headers["location"] == "/console/inbox?a=1"
    who = ada.get("/v1/session").json
    assert (who["actor"]["id"], who["actor"]["name"], who["tenant"]["id"]) == ("user_ada", "Ada", tenant)
    assert who["scopes"] == sorted(ROLES["viewer"])
    assert who["session"]["browser"] == "Firefox"
    (cookie,) = [each for each in answer.cookies if each.startswith(f"{cookies.NAME}=")]
    assert {"HttpOnly", "Secure", "SameSite=Strict"} <= set(cookie.split("; "))
    assert ada.get("/v1/inbox/mail").json["address"] == "ada@example.com"
    # The role is that of the next sign-in.
    admin.invite(tenant, "ada@example.com", "owner")
    again, _ = signed_in(idp)
    assert again.get("/v1/session").json["scopes"] == sorted(ROLES["owner"])
    assert again.get("/v1/session").json["actor"]["id"] == "user_ada"


def test_a_domain_lets_its_verified_addresses_in_and_no_others(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.allow_domain(tenant, "Example.COM", "member")
    visitor, _ = signed_in(idp)
    assert visitor.get("/v1/session").json["actor"]["id"] == "ada@example.com"
    for address in ("ada@sub.example.com", "ada@example.com.evil.example", "ada@example.co", "x@y@example.com"):
        idp.person |= {"sub": address, "email": address}
        assert_refused(signed_in(idp)[1], "unverified" if address.count("@") > 1 else "not_invited")


def test_an_address_that_only_looks_like_it_in_lower_case_is_nobodys(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.invite(tenant, "bok@example.com")
    idp.person |= {"sub": "2", "email": "bo\u212a@example.com"}
    assert_refused(signed_in(idp)[1], "unverified")


def test_who_is_not_invited_stays_out(idp: Issuer, tenant: str) -> None:
    assert_refused(signed_in(idp)[1], "not_invited")


@pytest.mark.parametrize("verified", [None, False, "false", "yes", 0, 1])
def test_an_address_that_is_not_verified_is_nobody(idp: Issuer, admin: Admin, tenant: str, verified: Any) -> None:
    admin.allow_domain(tenant, "example.com")
    idp.person["email_verified"] = verified
    assert_refused(signed_in(idp)[1], "unverified")
    idp.person.pop("email")
    assert_refused(signed_in(idp)[1], "unverified")


@pytest.mark.parametrize("claims", [{"email_verified": "true"}, {"email_verified": None, "xms_edov": True}])
def test_issuers_say_so_in_their_own_ways(idp: Issuer, admin: Admin, tenant: str, claims: dict[str, Any]) -> None:
    admin.invite(tenant, "ada@example.com")
    idp.person |= claims
    assert signed_in(idp)[1].headers["location"] == "/console"


def test_somebody_who_has_the_address_later_is_not_that_person(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.invite(tenant, "ada@example.com")
    assert signed_in(idp)[1].headers["location"] == "/console"
    idp.person["sub"] = "2"
    assert_refused(signed_in(idp)[1], "other_person")
    # The operator decides that it is theirs now: as another actor.
    admin.invite(tenant, "ada@example.com", actor_id="user_other")
    assert signed_in(idp)[0].get("/v1/session").json["actor"]["id"] == "user_other"


def test_an_address_is_mailed_from_the_sign_in_on_until_it_is_withdrawn(idp: Issuer, admin: Admin, tenant: str) -> None:
    def shown(client: Visitor) -> tuple[str, str | None]:
        settings = client.get("/v1/inbox/mail").json
        return settings["mode"], settings["address"]

    admin.invite(tenant, "ada@example.com", "member", "user_ada")
    assert mailboxes.find(admin.table, tenant, "user_ada").address is None
    ada, _ = signed_in(idp)
    assert ada.patch("/v1/inbox/mail", {"mode": "digest"}).status == 200
    signed_in(idp)
    assert shown(ada) == ("digest", "ada@example.com")
    admin.withdraw(tenant, "ada@example.com")
    assert shown(ada) == ("digest", None)


def test_who_is_withdrawn_stays_out(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.invite(tenant, "ada@example.com")
    admin.withdraw(tenant, "ada@example.com")
    assert_refused(signed_in(idp)[1], "not_invited")
    admin.allow_domain(tenant, "example.com")
    admin.withdraw(tenant, "example.com")
    assert_refused(signed_in(idp)[1], "not_invited")


def test_an_address_and_a_domain_are_of_one_tenant(admin: Admin, tenant: str) -> None:
    other = admin.create_tenant("Other")
    admin.invite(tenant, "ada@example.com")
    admin.allow_domain(tenant, "example.com")
    with pytest.raises(Conflict):
        admin.invite(other, "ADA@example.com")
    with pytest.raises(Conflict):
        admin.allow_domain(other, "example.com")
    for name in ("ada@example.com", "example.com"):
        with pytest.raises(NotFound):
            admin.withdraw(other, name)
    for wrong in ("ada", "ada@", "a b@example.com", "ada@localhost"):
        with pytest.raises(Invalid):
            admin.invite(tenant, wrong)
    # The small letter of each is an ASCII one.
    for wrong in ("bo\u212a@example.com", "bok@\u212aey.example"):
        with pytest.raises(Invalid):
            admin.invite(tenant, wrong)
    for wrong in ("localhost", "*.example.com", "ada@example.com", "\u212aey.example"):
        with pytest.raises(Invalid):
            admin.allow_domain(tenant, wrong)
    with pytest.raises(Invalid):
        admin.invite(tenant, "bo@example.com", "king")


# ---------------------------------------------------------------- the issuer's answers


def test_the_issuer_leads_back_to_the_name_that_the_browser_called(idp: Issuer) -> None:
    answer = Visitor().request("GET", BEGIN, headers={"host": "work.example.com"})
    asked = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert asked["redirect_uri"] == f"https://work.example.com{CALLBACK}"


def test_the_clients_secret_is_read_from_secrets_manager(
    idp: Issuer, admin: Admin, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from switchyard.aws.clients import make_client

    arn = make_client("secretsmanager").create_secret(Name=f"oidc-{tenant}", SecretString=SECRET)["ARN"]
    admin.invite(tenant, "ada@example.com")
    signed_in(idp)
    assert "client_secret" not in idp.asked[0]
    monkeypatch.setenv("OIDC_SECRET_ARN", arn)
    assert signed_in(idp)[1].headers["location"] == "/console"
    assert idp.asked[1]["client_secret"] == SECRET


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"nonce": "another"},
        {"nonce": None},
        {"nbf": 99_999_999_999},
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    idp: Issuer, admin: Admin, tenant: str, claims: dict[str, Any]
) -> None:
    admin.invite(tenant, "ada@example.com")
    idp.spoil = claims
    assert_refused(signed_in(idp)[1], "id_token")


def test_an_id_token_that_the_issuer_did_not_sign_is_refused(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.invite(tenant, "ada@example.com")
    idp.key = idp.new_key("first")
    assert_refused(signed_in(idp)[1], "id_token")
    idp.algorithm = "none"
    assert_refused(signed_in(idp)[1], "id_token")
    # The public key as a shared secret: everybody knows it.
    idp.algorithm = "HS256"
    assert_refused(signed_in(idp)[1], "id_token")


def test_new_keys_of_the_issuer_are_fetched(
    idp: Issuer, admin: Admin, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.invite(tenant, "ada@example.com")
    assert signed_in(idp)[1].headers["location"] == "/console"
    idp.key = idp.new_key("second")
    idp.keys = [idp.key]
    # Not within the minute: whoever sends made-up keys does not make this server ask each time.
    assert_refused(signed_in(idp)[1], "id_token")
    began = provider.time.monotonic
    monkeypatch.setattr(provider.time, "monotonic", lambda: began() + 61)
    assert signed_in(idp)[1].headers["location"] == "/console"


def test_an_issuer_that_misbehaves_is_told_from_a_person(idp: Issuer, admin: Admin, tenant: str) -> None:
    idp.metadata = {"issuer": "https://evil.example"}
    visitor = Visitor()
    assert_refused(visitor.get(BEGIN), "issuer")
    provider._cache.clear()
    idp.metadata = {"token_endpoint": "http://127.0.0.1:9/"}
    assert_refused(signed_in(idp)[1], "issuer")


def test_all_answers_of_the_issuer_together_have_the_time_that_the_request_has(
    idp: Issuer, admin: Admin, tenant: str
) -> None:
    admin.invite(tenant, "ada@example.com")
    visitor = Visitor()
    address = idp.authorize(begun(visitor))
    # Metadata, id token and keys: each takes much less than any call may, all of them more than is left.
    idp.drips = 0.8
    visitor.context.milliseconds = round((sessions_oidc._RESERVE + 2) * 1000)
    provider._cache.clear()
    answer = came_back(visitor, address)
    assert_refused(answer, "slow")
    assert len(idp.asked) == 1
    # What is told can be done: the flow is over, and another one goes through.
    assert visitor.flow is None
    visitor.context.milliseconds = 9_000
    assert came_back(visitor, idp.authorize(begun(visitor))).headers["location"] == "/console"


def test_no_call_to_the_issuer_begins_when_no_time_is_left(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.invite(tenant, "ada@example.com")
    visitor = Visitor()
    address = idp.authorize(begun(visitor))
    visitor.context.milliseconds = round(sessions_oidc._RESERVE * 1000)
    assert_refused(came_back(visitor, address), "slow")
    assert idp.asked == []


def test_a_table_that_is_busy_leads_back_to_the_sign_in(
    idp: Issuer, admin: Admin, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> Any:
        raise Busy

    visitor = Visitor()
    address = idp.authorize(begun(visitor))
    monkeypatch.setattr(verbs, "sign_in", busy)
    assert_refused(came_back(visitor, address), "slow")


def test_the_functions_have_the_time_for_the_issuer_and_the_api_for_the_functions() -> None:
    functions = resources("AWS::Serverless::Function")
    begin, finish = (functions[name]["Timeout"] for name in ("SessionsBeginOidc", "SessionsFinishOidc"))
    # The API waits for 30 seconds, of which a container takes some to start.
    assert receivers.SECONDS + sessions_oidc._RESERVE <= begin <= finish <= 25


def test_inside_addresses_are_not_asked(idp: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOKS_LOCAL", "false")
    assert_refused(Visitor().get(BEGIN), "issuer")


def test_without_an_issuer_there_is_no_such_way(table: Table) -> None:
    assert_refused(Visitor().get(BEGIN), "issuer")
    assert_refused(Visitor().get(f"{CALLBACK}?code=x"), "issuer")


# ---------------------------------------------------------------- strangers


def test_an_answer_counts_in_the_browser_that_asked_and_once(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.invite(tenant, "ada@example.com")
    attacker, victim = Visitor(), Visitor()
    address = idp.authorize(begun(attacker))
    # Somebody else's answer, opened in a browser that did not ask, or asked for another.
    assert_refused(came_back(victim, address), "over")
    begun(victim)
    assert_refused(came_back(victim, address), "over")
    assert came_back(attacker, address).headers["location"] == "/console"
    assert_refused(came_back(attacker, address), "over")


def test_what_comes_back_wrong_is_refused(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.invite(tenant, "ada@example.com")
    for changes, problem in (
        ({"state": "another"}, "over"),
        ({"state": None}, "over"),
        ({"state": "é"}, "over"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"code": None}, "denied"),
        ({"code": None, "error": "access_denied"}, "denied"),
        ({"code": "unknown"}, "issuer"),
    ):
        visitor = Visitor()
        given = dict(parse_qsl(urlsplit(idp.authorize(begun(visitor))).query)) | changes
        sent = {name: value for name, value in given.items() if value is not None}
        assert_refused(came_back(visitor, f"x?{urlencode(sent)}"), problem)


def test_each_sign_in_has_its_own_state_nonce_and_challenge(idp: Issuer) -> None:
    asked = [dict(parse_qsl(urlsplit(begun(Visitor())).query)) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({each[name] for each in asked}) == 2
        assert len(asked[0][name]) == 43
    assert asked[0]["code_challenge_method"] == "S256"
    assert len({asked[0][name] for name in ("state", "nonce", "code_challenge")}) == 3


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example",
        "//evil.example",
        "/v1/tracks",
        "/console/../v1",
        "/console\\@evil",
        "/console/sign-in?x",
        "/consolex",
        "/console/%2e%2e/v1/evil",
        "/console/.%2E/v1/evil",
        "/console\r\nset-cookie: a=b",
    ],
)
def test_a_sign_in_leads_nowhere_but_to_the_console(idp: Issuer, admin: Admin, tenant: str, following: str) -> None:
    admin.invite(tenant, "ada@example.com")
    location = signed_in(idp, following)[1].headers["location"]
    assert location.partition("?")[0].startswith("/console")
    assert "evil" not in location
    assert "\n" not in location
    assert ".." not in location


@pytest.mark.parametrize("kept", ["x", "=", "\u00e9", "_w==", "L2V2aWw="])
def test_a_cookie_that_was_damaged_leads_to_the_console(idp: Issuer, admin: Admin, tenant: str, kept: str) -> None:
    admin.invite(tenant, "ada@example.com")
    visitor = Visitor()
    address = idp.authorize(begun(visitor))
    visitor.flow = f"{str(visitor.flow).partition('.')[0]}.{kept}"
    assert came_back(visitor, address).headers["location"] == "/console"


def test_the_way_back_to_consent_is_kept(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.invite(tenant, "ada@example.com")
    following = "/console/connect?response_type=code&redirect_uri=https%3A%2F%2Fclient.example%2Fback&state=s"
    assert signed_in(idp, following)[1].headers["location"] == following


def test_no_session_is_fixed_beforehand(idp: Issuer, admin: Admin, tenant: str) -> None:
    admin.invite(tenant, "ada@example.com")
    visitor, _ = signed_in(idp)
    first = visitor.cookie
    visitor.flow = None
    came_back(visitor, idp.authorize(begun(visitor)))
    assert visitor.cookie not in (None, first)


def test_nothing_is_written_before_somebody_is_known_and_no_secret_is_logged(
    idp: Issuer,
    admin: Admin,
    tenant: str,
    table: Table,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logger, "level", 0)
    asked: list[str] = []
    table.observe = lambda operation, _: asked.append(operation)
    visitor = Visitor()
    address = idp.authorize(begun(visitor))
    assert asked == []
    flow = str(visitor.flow)
    assert_refused(came_back(visitor, address), "not_invited")
    assert {*asked} <= {"get_item"}
    said = capsys.readouterr().out
    assert "not_invited" in said
    for secret in (flow.partition(".")[0], idp.asked[0]["code_verifier"], "ada@example.com"):
        assert secret not in said


def test_the_command_line_invites_and_withdraws(
    admin: Admin, tenant: str, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> str:
        assert main(["--table", table.name, *arguments]) == 0
        return capsys.readouterr().out

    assert run("invite", tenant, "ada@example.com", "--actor", "user_ada", "--role", "owner") == (
        "ada@example.com may sign in as owner, user_ada\n"
    )
    assert run("allow-domain", tenant, "example.com") == "example.com may sign in as member\n"
    assert run("withdraw", tenant, "example.com") == "example.com may sign in no more\n"
    assert main(["--table", table.name, "withdraw", tenant, "example.com"]) == 1
