"""Alarms on the local stack: what happens is measured, judged as CloudWatch does, and told to a topic."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.stack.emulated import policy
from tests.stack.test_deployment import Deploy, deploy

__all__ = ["deploy"]
SECONDS_MAX = 20


def until[T](find: Callable[[], T | None]) -> T:
    """Return what is found, looking for a while."""
    deadline = time.monotonic() + SECONDS_MAX
    while (found := find()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


@pytest.fixture
def told(aws: Any) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Wait for what the stack's topic says of an alarm."""
    sqs, sns = aws("sqs"), aws("sns")
    (topic,) = [each["TopicArn"] for each in sns.list_topics()["Topics"] if each["TopicArn"].endswith("-local-alarms")]
    queue = sqs.create_queue(QueueName=f"test-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy({**allowed, "Resource": arn})})
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    heard: list[dict[str, Any]] = []

    def wait(name: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            for each in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", ()):
                heard.append(json.loads(json.loads(each["Body"])["Message"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
            return next((each for each in heard if each["AlarmName"] == name), None)

        found = until(look)
        heard.remove(found)
        return found

    yield wait
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


def test_a_dead_letter_tells_the_topic_and_its_end_does_too(aws: Any, told: Any) -> None:
    sqs, cloudformation = aws("sqs"), aws("cloudformation")
    found = cloudformation.describe_stack_resource(StackName="switchyard", LogicalResourceId="PipelineDeadLetters")
    queue = found["StackResourceDetail"]["PhysicalResourceId"]
    sqs.send_message(QueueUrl=queue, MessageBody='{"of": "test"}')
    alarm = told("switchyard-local-PipelineGaveUp")
    assert alarm["NewStateValue"] == "ALARM"
    assert alarm["AlarmDescription"].endswith("docs/runbooks.md#pipelinegaveup")
    sqs.purge_queue(QueueUrl=queue)
    assert told("switchyard-local-PipelineGaveUp")["NewStateValue"] == "OK"


# ---------------------------------------------------------------- how CloudWatch judges


def alarm(**properties: Any) -> dict[str, Any]:
    """Return a template of one alarm."""
    given = {
        "Namespace": "Test",
        "MetricName": "Hits",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    return {"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {**given, **properties}}}}


def metric(name: str, **stat: Any) -> dict[str, Any]:
    watched = {"Namespace": "Test", "MetricName": name}
    return {"Id": name.lower(), "ReturnData": False, "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": watched}}


def state_of(aws: Any, name: str) -> str:
    (found,) = aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(found["StateValue"])


MATH = {"Namespace": None, "MetricName": None, "Statistic": None, "Period": None}
SHARE = [
    {"Id": "share", "Expression": "IF(bad >= 2, 100 * bad / all, 0)"},
    metric("Bad"),
    metric("All"),
]


@pytest.mark.parametrize(
    ("properties", "points", "state"),
    [
        pytest.param({}, {"Hits": 2}, "ALARM", id="above"),
        pytest.param({}, {"Hits": 1}, "OK", id="at the threshold"),
        pytest.param({}, {}, "INSUFFICIENT_DATA", id="missing"),
        pytest.param({"TreatMissingData": "breaching"}, {}, "ALARM", id="missing is a breach"),
        pytest.param({"TreatMissingData": "notBreaching"}, {}, "OK", id="missing is none"),
        pytest.param({"Dimensions": [{"Name": "of", "Value": "b"}]}, {"Hits": 2}, "INSUFFICIENT_DATA", id="another's"),
        pytest.param({"EvaluationPeriods": 2, "TreatMissingData": "notBreaching"}, {"Hits": 2}, "OK", id="one of two"),
        pytest.param({"EvaluationPeriods": 2, "DatapointsToAlarm": 1}, {"Hits": 2}, "ALARM", id="one suffices"),
        pytest.param({"Metrics": SHARE, **MATH}, {"Bad": 2, "All": 10}, "ALARM", id="math"),
        pytest.param({"Metrics": SHARE, **MATH}, {"Bad": 1, "All": 10}, "OK", id="math, too few"),
        pytest.param({"Metrics": SHARE, **MATH}, {"All": 10}, "INSUFFICIENT_DATA", id="math without a metric"),
    ],
)
def test_an_alarm_is_judged_as_on_aws(
    aws: Any, deploy: Deploy, properties: dict[str, Any], points: dict[str, int], state: str
) -> None:
    space, name = f"Test/{uuid.uuid4().hex}", f"test-{uuid.uuid4().hex[:8]}"
    text = json.dumps(alarm(AlarmName=name, **properties)).replace('"Test"', json.dumps(space))
    template = json.loads(text)
    wanted = template["Resources"]["Alarm"]["Properties"]
    template["Resources"]["Alarm"]["Properties"] = {key: each for key, each in wanted.items() if each is not None}
    data = [{"MetricName": metric, "Value": float(value)} for metric, value in points.items()]
    if data:
        aws("cloudwatch").put_metric_data(Namespace=space, MetricData=data)
    assert deploy(template) == ("CREATE_COMPLETE", "")
    until(lambda: state_of(aws, name) == state or None)
    time.sleep(2.5)  # one more look of the alarms
    assert state_of(aws, name) == state


@pytest.mark.parametrize(
    ("properties", "word"),
    [
        ({"AlarmDescription": "x" * 1_025}, "AlarmDescription"),
        ({"AlarmActions": [f"arn:aws:sns:us-east-1:000000000000:t{n}" for n in range(6)]}, "AlarmActions"),
        ({"Period": 90}, "Period 90"),
        ({"Period": 3_600, "EvaluationPeriods": 25}, "86400"),
        ({"Metrics": SHARE}, "either MetricName or Metrics"),
        ({"Metrics": SHARE[1:], **MATH}, "returns data"),
        (
            {
                "Metrics": [{"Id": "q", "Expression": "SELECT SUM(x) FROM y", "Period": 3_600}],
                **MATH,
                "EvaluationPeriods": 4,
            },
            "10800",
        ),
    ],
)
def test_an_alarm_that_aws_refuses_is_refused(deploy: Deploy, properties: dict[str, Any], word: str) -> None:
    template = alarm(**properties)
    given = template["Resources"]["Alarm"]["Properties"]
    template["Resources"]["Alarm"]["Properties"] = {key: each for key, each in given.items() if each is not None}
    status, why = deploy(template)
    assert status == "ROLLBACK_COMPLETE"
    assert word in why


@pytest.mark.parametrize(
    ("properties", "word"),
    [
        ({"Name": "x" * 256, "QueryString": "fields @message"}, "Name"),
        ({"Name": "x", "QueryString": ""}, "QueryString"),
        ({"Name": "x", "QueryString": "fields @message", "LogGroupNames": ["no group"]}, "no group"),
    ],
)
def test_a_saved_query_that_aws_refuses_is_refused(deploy: Deploy, properties: dict[str, Any], word: str) -> None:
    query = {"Type": "AWS::Logs::QueryDefinition", "Properties": properties}
    status, why = deploy({"Resources": {"Query": query}})
    assert status == "ROLLBACK_COMPLETE"
    assert word in why
