"""Consumers: found by name, composed once, and held together with the template."""

import time
from typing import Any

import pytest

from switchyard.aws.queues import ATTEMPTS, BYTES_MAX, Queue
from switchyard.aws.sending import NotTaken, is_refused, send_all
from switchyard.pipeline import consumer as consumers
from switchyard.pipeline import notifications, receivers
from switchyard.pipeline.consumer import Invocation, consumer
from tests.support.http import Context
from tests.support.refusing import Sqs, refused
from tests.support.stream import handler
from tests.support.template import ROOT, polled, resources

LINES_MAX = 25
FOLDERS = sorted(path.parent for each in ("pipeline", "workflows") for path in ROOT.glob(f"functions/{each}/*/app.py"))


def name_of(folder: Any) -> str:
    return ".".join(folder.parts[-2:])


def functions() -> dict[str, dict[str, Any]]:
    """The template's functions by the names of their folders."""
    found = resources("AWS::Serverless::Function").values()
    return {each["CodeUri"].removeprefix("functions/").replace("/", "."): each for each in found}


def resource_of(name: str) -> str:
    found = resources("AWS::Serverless::Function").items()
    return next(key for key, each in found if each["CodeUri"] == "functions/" + name.replace(".", "/"))


def sources(kind: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Each event source of a type: the consumer's name, the event's, and its properties."""
    return [
        (name, event, each["Properties"])
        for name, function in functions().items()
        for event, each in function.get("Events", {}).items()
        if each["Type"] == kind
    ]


def alarms(metric: str) -> list[Any]:
    """What alarms watch a metric: the values of their dimensions."""
    found = resources("AWS::CloudWatch::Alarm").values()
    return [each["Dimensions"][0]["Value"] for each in found if each.get("MetricName") == metric]


# ---------------------------------------------------------------- names and the template


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_consumer_is_named_after_its_folder_and_short(folder: Any) -> None:
    assert handler(name_of(folder)).consumer == name_of(folder)  # type: ignore[attr-defined]
    text = (folder / "app.py").read_text()
    assert len(text.splitlines()) <= LINES_MAX


def test_a_queue_gives_a_message_up_after_as_many_attempts_as_its_consumer_counts() -> None:
    counts = {
        name.lower(): each["RedrivePolicy"]["maxReceiveCount"]
        for name, each in resources("AWS::SQS::Queue").items()
        if "RedrivePolicy" in each
    }
    assert counts == ATTEMPTS


def test_readers_of_the_stream_split_what_kills_them_and_tell_when_they_lag() -> None:
    readers = sources("DynamoDB")
    assert len(readers) == 2
    for name, _, properties in readers:
        assert properties["BisectBatchOnFunctionError"] is True, name
        assert {"Ref": resource_of(name)} in alarms("IteratorAge"), name
        assert functions()[name]["Environment"]["Variables"]["DEAD_LETTERS_QUEUE_URL"] == {"Ref": "PipelineDeadLetters"}


def test_every_queue_has_an_alarm_for_a_lagging_consumer() -> None:
    for name, mapping in polled().items():
        queue = mapping["EventSourceArn"]["GetAtt"].partition(".")[0]
        assert {"GetAtt": f"{queue}.QueueName"} in alarms("ApproximateAgeOfOldestMessage"), name


def test_a_message_is_not_seen_again_while_lambda_may_still_try_it() -> None:
    """At least six times the function's time limit, so that Lambda can try again when it was throttled.

    AWS refuses a pair below the limit itself: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    assert len(polled()) == 4
    for name, mapping in polled().items():
        queue = mapping["EventSourceArn"]["GetAtt"].partition(".")[0]
        seconds = resources("AWS::Serverless::Function")[name]["Timeout"]
        assert resources("AWS::SQS::Queue")[queue]["VisibilityTimeout"] >= 6 * seconds, name


def test_what_rules_invoke_keeps_what_it_fails_at() -> None:
    (policy,) = resources("AWS::SQS::QueuePolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sqs:SendMessage")
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert (policy["Queues"], statement["Resource"]) == ([{"Ref": "PipelineDeadLetters"}], letters := _letters())
    rules = [(name, event) for kind in ("EventBridgeRule", "Schedule") for name, event, _ in sources(kind)]
    assert len(rules) == 3
    # Events may write to the queue for these rules alone; Lambda writes with the rights of the function's role.
    named = [{"GetAtt": f"{resource_of(name)}{event}.Arn"} for name, event in rules]
    assert sorted(map(str, statement["Condition"]["ArnEquals"]["aws:SourceArn"])) == sorted(map(str, named))
    for name, _ in rules:
        given = functions()[name]
        assert given["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"] == letters, name
        granted = [each for policy in given["Policies"] for each in policy["Statement"]]
        assert {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": letters} in granted, name


def _letters() -> dict[str, str]:
    return {"GetAtt": "PipelineDeadLetters.Arn"}


def test_an_attempt_is_over_before_its_function_is() -> None:
    assert functions()["pipeline.deliver_webhook"]["Timeout"] >= receivers.SECONDS + 5
    assert functions()["pipeline.notify_devices"]["Timeout"] < notifications.TURN_SECONDS


@pytest.mark.parametrize("name", ["oauth.authorize", "oauth.decide", "sessions.begin_oidc"])
def test_who_waits_for_another_server_still_answers_when_that_does_not(name: str) -> None:
    assert functions()[name]["Timeout"] >= receivers.SECONDS + 5


# ---------------------------------------------------------------- the composition


def test_an_error_is_logged_and_raised_to_whoever_invoked(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[tuple[str, Any]] = []
    monkeypatch.setattr(consumers.logger, "error", lambda word, **more: lines.append((word, more)))

    @consumer("pipeline.test")
    def broken(_invocation: Invocation, event: Any) -> None:
        raise ValueError(event)

    with pytest.raises(ValueError, match="bad"):
        broken("bad", Context())
    ((word, more),) = lines
    assert (word, str(more["exc_info"])) == ("failed", "bad")
    assert more["extra"].items() >= {"operation": "pipeline.test", "request_id": "test", "error": "ValueError"}.items()


def test_clients_are_made_once_and_get_the_time_of_each_invocation() -> None:
    class Client:
        deadline = 0.0

    client = Client()
    consumers.use(table=client)
    try:
        for milliseconds in (20_000, 9_000):
            invocation = Invocation("pipeline.test", Context(milliseconds), reserve=2)
            assert invocation.table is client
            left = client.deadline - time.monotonic()
            assert milliseconds / 1_000 - 4 < left <= milliseconds / 1_000 - 2
    finally:
        consumers.use()


# ---------------------------------------------------------------- sending


def test_messages_are_packed_by_bytes_and_by_number() -> None:
    client = Sqs(bytes_max=BYTES_MAX)
    queue = Queue("url", client)
    assert queue.send([{"x": "y" * 60_000}] * 10 + [{}] * 25) == [None] * 35
    assert len(client.bodies) == 35
    assert max(client.batches) <= BYTES_MAX
    assert len(client.batches) == 5


def test_one_entry_that_is_refused_with_its_whole_request_keeps_no_other_from_going_out() -> None:
    client = Sqs()
    requests: list[int] = []

    def post(texts: Any) -> list[Exception | None]:
        requests.append(len(texts))
        client.send_message_batch("url", [{"Id": "1", "MessageBody": text} for text in texts])
        return [None] * len(texts)

    texts = [f"message {number}" for number in range(10)]
    texts[6] = "\uffff"
    outcome = send_all(texts, len, BYTES_MAX, post, time.monotonic() + 5)
    assert [bool(error) for error in outcome] == [each == "\uffff" for each in texts]
    assert sorted(client.bodies) == sorted(set(texts) - {"\uffff"})
    assert len(requests) <= 8
    assert is_refused(outcome[6] or ValueError())


def test_what_may_pass_is_sent_again_until_the_deadline_and_what_is_refused_is_not() -> None:
    answers: list[Any] = [[NotTaken("InternalFailure", ""), NotTaken("InvalidMessageContents", "")], [None]]
    sizes: list[int] = []

    def post(entries: Any) -> Any:
        sizes.append(len(entries))
        return answers.pop(0) if answers else [refused("ThrottlingException")] * len(entries)

    first, second = send_all(["a", "b"], len, BYTES_MAX, post, time.monotonic() + 5)
    assert (first, str(second)) == (None, "InvalidMessageContents: ")
    assert sizes == [2, 1]
    (late,) = send_all(["c"], len, BYTES_MAX, post, time.monotonic())
    assert late is not None
    assert not is_refused(late)
    assert sizes == [2, 1, 1]
