"""botocore's clients raise our errors."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from switchyard.admin import Admin
from switchyard.aws import clients, sdk
from switchyard.aws.errors import ApiError, NotConfigured, Unreachable
from switchyard.aws.objects import ObjectStore
from switchyard.domain.errors import Busy
from switchyard.domain.structs import replace
from switchyard.store import tracks
from tests.support import entities
from tests.support.stub_service import StubService, hangs_up, http, raw, refuses, says

#: Enough to make the clients of this module botocore's.
BOTOCORES = {"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_EC2_METADATA_DISABLED": "true"}


def use(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    for name, value in (environment | BOTOCORES).items():
        monkeypatch.setenv(name, value)


def test_a_refusal_and_a_lost_answer_are_the_transports(monkeypatch: pytest.MonkeyPatch) -> None:
    with StubService(refuses("ThrottlingException"), hangs_up, says({})) as service:
        use(monkeypatch, service.environment())
        client = clients.make_client("dynamodb")
        assert isinstance(client, sdk.SdkClient)
        with pytest.raises(ApiError) as refused:
            client.get_item(TableName="table", Key={})
        assert (refused.value.code, refused.value.status) == ("ThrottlingException", 400)
        with pytest.raises(Unreachable) as lost:
            client.put_item(TableName="table", Item={})
        assert lost.value.sent
        assert client.get_item(TableName="table", Key={})["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert len(service.requests) == 3


def test_compressed_fields_are_read_and_written_as_by_the_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    track = replace(entities.TRACKS["full"], description="as it was told " * 50)
    item = {"Item": tracks.to_item(track)}
    assert item["Item"]["fields"].keys() == {"B"}
    with StubService(says(item), says({"Responses": [item]}), says({}), says({})) as service:
        use(monkeypatch, service.environment())
        client = clients.make_client("dynamodb")
        assert isinstance(client, sdk.SdkClient)
        assert client.get_item(TableName="table", Key={})["Item"] == item["Item"]
        (found,) = client.transact_get_items(TransactItems=[])["Responses"]
        assert tracks.from_item(found["Item"]) == track
        client.put_item(TableName="table", **item)
        client.transact_write_items(TransactItems=[{"Put": {"TableName": "table", **item}}])
        put, transaction = (body for _, body in service.requests[2:])
        assert put["Item"] == transaction["TransactItems"][0]["Put"]["Item"] == item["Item"]


def test_where_nobody_listens_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with StubService() as service:
        use(monkeypatch, service.environment())
    with pytest.raises(Unreachable) as told:
        clients.make_client("lambda").invoke(FunctionName="name", Payload=b"{}")
    assert told.value.sent is False


def test_missing_keys_or_profiles_are_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with StubService() as service:
        use(monkeypatch, service.environment())
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        with pytest.raises(NotConfigured, match="credentials"):
            clients.make_client("dynamodb").get_item(TableName="table", Key={})
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        with pytest.raises(NotConfigured, match="nobody"):
            clients.make_client("dynamodb")


def test_an_object_that_breaks_off_while_it_is_read_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with StubService(raw(http(b"whole")[:-1], stays=False), raw(http(b"whole"))) as service:
        use(monkeypatch, {**service.environment(), "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{service.port}"})
        store = ObjectStore("bucket", clients.make_client("s3"))
        found = store.get("key", 10)
        assert found
        assert found.body == b"whole"
        assert len(service.requests) == 2


def test_a_client_that_is_handed_in_is_taken_as_it_is_or_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    ours = object()
    assert clients.adopt(ours) is ours
    with StubService(*[refuses("ThrottlingException")] * 10_000) as service:
        theirs = boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{service.port}",
            region_name="eu-central-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=boto3.session.Config(retries={"total_max_attempts": 1}),
        )
        monkeypatch.setattr("switchyard.admin.tenants.SECONDS_MAX", 0.6)
        with pytest.raises(Busy):
            Admin("table", theirs).list_tenants()
