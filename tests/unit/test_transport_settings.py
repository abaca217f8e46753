"""Whom the transport calls and with which keys, held against what botocore makes of the same environment."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import botocore.session
import pytest

from switchyard.aws.errors import NotConfigured, Unreachable
from switchyard.aws.transport import client, credentials, endpoints
from switchyard.aws.transport.credentials import Container
from tests.support.stub_service import Line, StubService, drips, hangs_up, http, raw, says

KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
NO_FILES = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
#: The models of the services, read once.
LOADER = botocore.session.get_session().get_component("data_loader")
PLAIN = {**KEYS, **NO_FILES, "AWS_DEFAULT_REGION": "eu-central-1"}


@pytest.fixture
def _only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*KEYS, "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ENDPOINT_URL"]:
        monkeypatch.delenv(name, raising=False)


# ---------------------------------------------------------------- endpoints


def test_each_region_has_the_host_that_botocore_calls_or_none() -> None:
    session = botocore.session.get_session()
    resolver = session._get_internal_component("endpoint_resolver")
    found = 0
    for name, service in endpoints.SERVICES.items():
        for partition in resolver.get_available_partitions():
            for region in session.get_available_regions(name, partition):
                ours = endpoints.find(service, region, {})
                theirs = resolver.construct_endpoint(service.name, region)["hostname"]
                if ours:
                    found += 1
                    assert ours == (theirs, 443, True, theirs)
                else:
                    assert not theirs.endswith(".amazonaws.com"), region
    assert found > 100


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
        {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000"},
        {"AWS_ENDPOINT_URL_SFN": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_EVENTBRIDGE": "http://127.0.0.1:2"},
        {"AWS_ENDPOINT_URL_SQS": "https://vpce-1.sqs.eu-central-1.vpce.amazonaws.com"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"},
        {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
        {"AWS_ENDPOINT_URL": ""},
    ],
)
@pytest.mark.usefixtures("_only")
def test_the_variables_lead_where_they_lead_botocore(
    variables: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (PLAIN | variables).items():
        monkeypatch.setenv(name, value)
    session = botocore.session.get_session()
    session.register_component("data_loader", LOADER)
    for name, service in endpoints.SERVICES.items():
        found = endpoints.find(service, "eu-central-1", PLAIN | variables)
        assert found
        theirs = session.create_client(name).meta.endpoint_url
        assert f"{'https' if found.is_tls else 'http'}://{found.authority}" == theirs


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:4566/path", "http://user@host", "ftp://host", "host", "http://[::1]"]
)
def test_an_address_of_another_shape_is_left_to_botocore(url: str) -> None:
    assert client.make("dynamodb", PLAIN | {"AWS_ENDPOINT_URL": url}) is None


def test_the_region_is_what_lambda_or_the_tools_set() -> None:
    assert endpoints.region({"AWS_REGION": "eu-west-1"}) == "eu-west-1"
    assert endpoints.region({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}) == "eu-west-2"
    assert endpoints.region({}) is None


@pytest.mark.parametrize(
    "more",
    [
        {"AWS_PROFILE": "work"},
        {"AWS_DEFAULT_PROFILE": "work"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"},
        {"AWS_CREDENTIAL_EXPIRATION": "2030-01-01T00:00:00Z"},
        {"HTTPS_PROXY": "http://proxy:3128"},
        {"http_proxy": "http://proxy:3128"},
        {"AWS_DEFAULT_REGION": "cn-north-1"},
        {"AWS_DEFAULT_REGION": "local"},
        {"AWS_DEFAULT_REGION": ""},
        {"AWS_ACCESS_KEY_ID": ""},
    ],
)
def test_what_the_transport_can_not_do_is_left_to_botocore(more: Mapping[str, str]) -> None:
    assert client.make("dynamodb", PLAIN) is not None
    assert client.make("dynamodb", PLAIN | more) is None


@pytest.mark.parametrize("name", ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
def test_a_variant_that_is_switched_off_changes_nothing(name: str) -> None:
    assert client.make("dynamodb", PLAIN | {name: "False"}) is not None


@pytest.mark.parametrize("name", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_what_a_file_says_is_left_to_botocore(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".aws" / ("config" if name == "AWS_CONFIG_FILE" else "credentials")
    path.parent.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    usual = {key: value for key, value in PLAIN.items() if key not in NO_FILES}
    assert client.make("dynamodb", usual) is not None
    path.write_text("[default]\n")
    assert client.make("dynamodb", usual) is None
    assert client.make("dynamodb", PLAIN | {name: str(path)}) is None


def test_other_services_are_botocores() -> None:
    assert [client.make(name, PLAIN) for name in ("s3", "sns", "cloudformation")] == [None] * 3


# ---------------------------------------------------------------- credentials


def test_keys_of_the_environment() -> None:
    source = credentials.find({**KEYS, "AWS_SESSION_TOKEN": "token"})
    assert source
    assert source() == ("AKID", "secret", "token")
    without = credentials.find(KEYS)
    assert without
    assert without().token is None


@pytest.mark.parametrize(
    "more",
    [
        {"AWS_SECRET_ACCESS_KEY": ""},
        {"AWS_SECRET_ACCESS_KEY": "two words"},
        {"AWS_SESSION_TOKEN": "token\r\nX-Evil: 1"},
        {"AWS_ACCESS_KEY_ID": "schlüssel"},
    ],
)
def test_keys_that_can_be_none_are_refused(more: Mapping[str, str]) -> None:
    with pytest.raises(NotConfigured):
        credentials.find(KEYS | more)


def keys(number: int, seconds: float) -> Line:
    """Keys that end in so many seconds, as ECS hands them out."""
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    given = {"AccessKeyId": f"AKID{number}", "SecretAccessKey": "s", "Token": "t", "Expiration": end}
    return raw(http(json.dumps({**given, "RoleArn": "arn"}).encode(), Connection="close"), stays=False)


def container(service: StubService, **more: str) -> Container:
    address = f"http://127.0.0.1:{service.port}/v2/credentials?id=1"
    made = credentials.find({"AWS_CONTAINER_CREDENTIALS_FULL_URI": address, **more})
    assert isinstance(made, Container)
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock of the credentials on."""
    now, moved = time.time, [0.0]
    monkeypatch.setattr(credentials.time, "time", lambda: now() + moved[0])

    def move(seconds: float) -> None:
        moved[0] += seconds

    return move


def test_the_containers_service_is_asked_as_botocore_asks_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("Basic 2")
    tokens = [
        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic 1"}, "Basic 1"),
        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(path), "AWS_CONTAINER_AUTHORIZATION_TOKEN": "1"}, "Basic 2"),
        ({}, None),
    ]
    for variables, token in tokens:
        with StubService(keys(1, 3_600), keys(1, 3_600)) as service:
            address = f"http://127.0.0.1:{service.port}/v2/credentials?id=1"
            assert container(service, **variables)() == ("AKID1", "s", "t")
            provider = botocore.session.get_session().get_component("credential_provider").get_provider
            theirs = provider("container-role")
            theirs._environ = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": address, **variables}
            assert tuple(theirs.load().get_frozen_credentials())[:3] == ("AKID1", "s", "t")
            (ours, _), (botocores, _) = service.requests
        assert ours.get("authorization") == token
        for name in (":request", "host", "authorization", "accept"):
            assert ours.get(name) == botocores.get(name)


def test_keys_are_asked_for_once_and_again_before_they_end(clock: Callable[[float], None]) -> None:
    with StubService(keys(1, 3_600), keys(2, 7_200)) as service:
        source = container(service)
        assert {source().access_key for _ in range(3)} == {"AKID1"}
        clock(3_600 - credentials.REFRESH_SECONDS + 5)
        assert {source().access_key for _ in range(3)} == {"AKID2"}
        assert len(service.requests) == 2


def test_keys_that_can_not_be_renewed_are_used_until_they_end(clock: Callable[[float], None]) -> None:
    with StubService(keys(1, 3_600), raw(http(b"busy", 503)), hangs_up, keys(2, 9_000)) as service:
        source = container(service)
        source()
        clock(3_600 - credentials.REFRESH_SECONDS + 5)
        assert {source().access_key for _ in range(3)} == {"AKID1"}
        # The service is not asked at every call.
        assert len(service.requests) == 2
        clock(credentials.REFRESH_SECONDS - credentials.LAST_SECONDS)
        with pytest.raises(Unreachable) as told:
            source()
        assert told.value.sent is False
        assert source().access_key == "AKID2"


@pytest.mark.parametrize(
    "line",
    [
        hangs_up,
        says({"code": "NotAuthorized"}, 403),
        says({"AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c", "Expiration": "soon"}),
        says({"AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c", "Expiration": None}),
        says(["a"]),
        raw(http(b"<html>")),
    ],
)
def test_without_keys_no_call_is_made(line: Line) -> None:
    with StubService(line) as keeper, StubService(says({})) as service:
        address = f"http://127.0.0.1:{keeper.port}/"
        environment = {**service.environment(AWS_CONTAINER_CREDENTIALS_FULL_URI=address), "AWS_ACCESS_KEY_ID": ""}
        calls = client.make("dynamodb", environment)
        assert calls
        with pytest.raises(Unreachable) as told:
            calls.put_item()
        assert told.value.sent is False
        assert service.requests == []


def test_a_service_that_drips_keys_does_not_hold_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "ANSWER_SECONDS", 0.1)
    with StubService(drips(http(b"{}" * 50), 0.02)) as service, pytest.raises(Unreachable, match="time"):
        container(service)()


@pytest.mark.parametrize(
    ("address", "is_asked"),
    [
        ("http://169.254.170.23/v1/credentials", True),
        ("http://localhost:2773/", True),
        ("http://127.1.2.3/", True),
        ("https://keys.example/", True),
        ("http://keys.example/", False),
        ("http://169.254.169.254/", False),
        ("http://127.0.0.1.evil.example/", False),
        ("file:///etc/passwd", False),
        ("http://localhost/\r\nX-Evil: 1", False),
    ],
)
def test_only_this_machine_is_asked_for_keys_without_tls(address: str, is_asked: bool) -> None:
    environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": address}
    if is_asked:
        assert isinstance(credentials.find(environment), Container)
    else:
        with pytest.raises(NotConfigured, match="AWS_CONTAINER_CREDENTIALS_FULL_URI"):
            credentials.find(environment)


def test_a_relative_address_is_of_the_services_own_host() -> None:
    found = credentials.find({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"})
    assert isinstance(found, Container)
    assert found._first_lines == "GET /v2/credentials/1 HTTP/1.1\r\nHost: 169.254.170.2\r\n"


def test_an_authorization_token_that_is_two_headers_is_refused() -> None:
    with StubService(keys(1, 3_600)) as service:
        with pytest.raises(NotConfigured):
            container(service, AWS_CONTAINER_AUTHORIZATION_TOKEN="a\r\nX-Evil: 1")()
        assert service.requests == []


def test_keys_have_the_shape_of_keys() -> None:
    given = says({"AccessKeyId": "a b", "SecretAccessKey": "b", "Token": "c", "Expiration": "x"})
    with StubService(given) as service, pytest.raises(NotConfigured):
        container(service)()
