"""Amazon SNS mobile push as a push service, and how the template chooses one."""

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from switchyard.aws import mobile_push, queues
from switchyard.aws.clients import adopt
from switchyard.domain.devices import Device
from switchyard.domain.notifications import Notification
from switchyard.pipeline import notifications, push_services
from switchyard.pipeline.push_services import Expo, Sns
from tests.support.template import resources

NOTIFICATION = Notification(
    tenant_id="t",
    task_id="task",
    id="n",
    run_id="run",
    kind="completed",
    recipient="user_ada",
    decided="sent",
    body='"Größe" finished',
    created_at="2026-01-01T00:00:00.000Z",
)


def device(token: str = "a" * 64, platform: str = "ios") -> Device:
    times = {"created_at": "2026-01-01T00:00:00.000Z", "last_seen_at": "2026-01-01T00:00:00.000Z"}
    return Device(tenant_id="t", user_id="user_ada", id=f"id of {token}", token=token, platform=platform, **times)


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield botocore.session.get_session().create_client("sns", region_name="us-east-1")


@pytest.fixture
def application(client: Any) -> str:
    made = client.create_platform_application(Name="Switchyard", Platform="APNS", Attributes={})
    return str(made["PlatformApplicationArn"])


def test_a_device_is_published_to_by_an_endpoint_that_is_made_once(client: Any, application: str) -> None:
    service = Sns({"ios": application, "android": ""}, mobile_push.MobilePush(adopt(client)))
    for _ in range(2):
        (tried,) = service.send([device()], NOTIFICATION)
        assert (tried.outcome, tried.error, tried.platform) == ("accepted", None, "ios")
        assert tried.reference
    found = client.list_endpoints_by_platform_application(PlatformApplicationArn=application)["Endpoints"]
    assert len(found) == 1


def test_a_disabled_endpoint_is_deleted_so_that_the_token_can_come_back(client: Any, application: str) -> None:
    service = Sns({"ios": application}, mobile_push.MobilePush(adopt(client)))
    service.send([device()], NOTIFICATION)
    (endpoint,) = client.list_endpoints_by_platform_application(PlatformApplicationArn=application)["Endpoints"]
    client.set_endpoint_attributes(EndpointArn=endpoint["EndpointArn"], Attributes={"Enabled": "false"})
    (tried,) = service.send([device()], NOTIFICATION)
    assert tried.outcome == "removed"
    assert "Disabled" in (tried.error or "")
    assert service.send([device()], NOTIFICATION)[0].outcome == "accepted"


def test_a_platform_without_an_application_is_refused(client: Any, application: str) -> None:
    service = Sns({"ios": application, "android": ""}, mobile_push.MobilePush(adopt(client)))
    for platform in ("android", "web"):
        (tried,) = service.send([device(platform=platform)], NOTIFICATION)
        assert (tried.outcome, tried.error) == ("refused", f"No platform application is configured for {platform}.")


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        ("Throttled", 429, "pending"),
        ("InternalError", 500, "pending"),
        ("AuthorizationError", 403, "pending"),
        ("PlatformApplicationDisabled", 400, "pending"),
        ("InvalidParameter", 400, "refused"),
    ],
)
def test_what_may_pass_is_tried_again_and_what_may_not_is_not(
    client: Any, code: str, status: int, outcome: str
) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("create_platform_endpoint", code, "because", http_status_code=status)
        (tried,) = Sns({"ios": "arn:app"}, mobile_push.MobilePush(adopt(client))).send([device()], NOTIFICATION)
    assert (tried.outcome, tried.error) == (outcome, f"{code}: because")


def test_each_protocol_gets_its_own_shape(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_response("create_platform_endpoint", {"EndpointArn": "arn:endpoint"})
        sent: dict[str, Any] = {}
        client.meta.events.register("before-parameter-build.sns.Publish", lambda params, **_: sent.update(params))
        stub.add_response("publish", {"MessageId": "m"})
        (tried,) = Sns({"android": "arn:app"}, mobile_push.MobilePush(adopt(client))).send(
            [device(platform="android")], NOTIFICATION
        )
    assert tried.reference == "m"
    assert (sent["TargetArn"], sent["MessageStructure"]) == ("arn:endpoint", "json")
    texts = json.loads(sent["Message"])
    data = {"taskId": "task", "taskRunId": "run", "notificationKind": "completed"}
    alert = {"title": "Switchyard", "body": '"Größe" finished'}
    assert texts["default"] == alert["body"]
    assert json.loads(texts["APNS"]) == json.loads(texts["APNS_SANDBOX"])
    assert json.loads(texts["APNS"]) == {"aps": {"alert": alert, "sound": "default"}, **data}
    assert json.loads(texts["GCM"]) == {"fcmV1Message": {"message": {"notification": alert, "data": data}}}


def test_the_template_chooses_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"EXPO_URL": "https://exp.example/", "EXPO_ACCESS_TOKEN": "", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**settings, "SNS_IOS_APPLICATION": "arn:i", "SNS_ANDROID_APPLICATION": ""}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PUSH_SERVICE", "none")
    assert push_services.from_environment() is None
    monkeypatch.setenv("PUSH_SERVICE", "expo")
    assert push_services.from_environment() == Expo("https://exp.example/")
    monkeypatch.setenv("PUSH_SERVICE", "sns")
    chosen = push_services.from_environment()
    assert isinstance(chosen, Sns)
    assert chosen.applications == {"ios": "arn:i", "android": ""}
    monkeypatch.setenv("PUSH_SERVICE", "pigeons")
    with pytest.raises(ValueError, match="pigeons"):
        push_services.from_environment()


def test_the_queue_gives_up_after_the_last_attempt_and_no_attempt_outlives_its_turn() -> None:
    queue = resources("AWS::SQS::Queue")["Notifications"]
    function = resources("AWS::Serverless::Function")["PipelineNotifyDevices"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == queues.ATTEMPTS["notifications"]
    assert function["Timeout"] < notifications.TURN_SECONDS < queue["VisibilityTimeout"]
