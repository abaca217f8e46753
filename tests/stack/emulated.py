"""Functions and streams that tests of this ring make for themselves."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

# Says which numbers it saw; fails for a record that is marked bad, in the way that the record tells.
CONSUMER = """
import json

def handler(event, context):
    images = [(r["dynamodb"]["SequenceNumber"], r["dynamodb"]["NewImage"]) for r in event["Records"]]
    print(json.dumps([int(image["n"]["N"]) for _, image in images]))
    for number, image in images:
        if image["bad"]["S"] == "raise":
            raise ValueError("poison")
        if image["bad"]["S"] == "report":
            return {"batchItemFailures": [{"itemIdentifier": number}]}
    return {"batchItemFailures": []}
"""

# A step of a workflow, which fails when its input says so.
STEP = """
def handler(event, context):
    if event["input"].get("fail"):
        raise LookupError("as asked")
"""
SECONDS_MAX = 20


def zipped(source: str) -> bytes:
    """A deployment package with one module."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", source)
    return content.getvalue()


def create_function(aws: Any, name: str, source: str, actions: list[str] | None = None, **settings: Any) -> str:
    """Create a function whose role allows these actions; its ARN."""
    role = create_role(aws, name, "lambda")
    if actions:
        allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        aws("iam").put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=policy(allowed))
    return aws("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": zipped(source)},
        **settings,
    )["FunctionArn"]


def create_role(aws: Any, name: str, service: str) -> str:
    """Create a role that a service of AWS may take; its ARN."""
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]
    return str(role["Arn"])


def policy(statement: dict[str, Any]) -> str:
    """A policy document with one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Stream:
    """A table of these tests' own whose stream feeds a function."""

    def __init__(self, aws: Any, function_arn: str, **mapping: Any) -> None:
        self.dynamodb, self.logs, self.sqs = aws("dynamodb"), aws("logs"), aws("sqs")
        self.table = f"test-{uuid.uuid4().hex[:8]}"
        self.log_group = f"/aws/lambda/{function_arn.rsplit(':', 1)[1]}"
        stream = self.dynamodb.create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]["LatestStreamArn"]
        self.queue = self.sqs.create_queue(QueueName=self.table)["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        self.mapping = dict(
            EventSourceArn=stream,
            FunctionName=function_arn,
            StartingPosition="TRIM_HORIZON",
            FunctionResponseTypes=["ReportBatchItemFailures"],
            DestinationConfig={"OnFailure": {"Destination": attributes["Attributes"]["QueueArn"]}},
            **mapping,
        )
        self.client = aws("lambda")

    def write(self, bad: dict[int, str]) -> None:
        """Write ten rows, some of them bad, then let the function have them."""
        for n in range(10):
            item = {"pk": {"S": str(n)}, "n": {"N": str(n)}, "bad": {"S": bad.get(n, "no")}}
            self.dynamodb.put_item(TableName=self.table, Item=item)
        self.client.create_event_source_mapping(**self.mapping)

    def batches(self, until: Callable[[list[list[int]]], bool]) -> list[list[int]]:
        """The row numbers of each invocation, in order, once they are what is waited for."""
        deadline = time.monotonic() + 20
        while True:
            events = self.logs.filter_log_events(logGroupName=self.log_group)["events"] if self._logged() else []
            found = [json.loads(each["message"]) for each in events if each["message"].startswith("[")]
            if until(found) or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    def dead_letters(self) -> list[dict[str, Any]]:
        """What arrived in the dead-letter queue."""
        messages = self.sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=5).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    def _logged(self) -> bool:
        return bool(self.logs.describe_log_groups(logGroupNamePrefix=self.log_group)["logGroups"])


class Machine:
    """A state machine with one task that waits for its token."""

    def __init__(self, aws: Any, function_arn: str, role_arn: str, **settings: Any) -> None:
        self.client = aws("stepfunctions")
        machine = settings.pop("machine", {})
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": function_arn, "Payload": {"input.$": "$", "token.$": "$$.Task.Token"}},
            "End": True,
            **settings,
        }
        definition = {"StartAt": "Wait", "States": {"Wait": task, "Caught": {"Type": "Succeed"}}, **machine}
        self.arn = self.client.create_state_machine(
            name=f"test-{uuid.uuid4().hex[:8]}",
            definition=json.dumps(definition),
            roleArn=role_arn,
        )["stateMachineArn"]

    def start(self, **fields: Any) -> str:
        answer = self.client.start_execution(stateMachineArn=self.arn, input=json.dumps(fields))
        return str(answer["executionArn"])

    def tokens(self, execution: str, count: int = 1) -> list[str]:
        """The tokens that the execution gave away, once there are so many."""

        def given() -> list[str]:
            events = self.client.get_execution_history(executionArn=execution)["events"]
            details = [each["taskScheduledEventDetails"] for each in events if each["type"] == "TaskScheduled"]
            return [json.loads(each["parameters"])["Payload"]["token"] for each in details]

        return until(given, lambda found: len(found) >= count)

    def end(self, execution: str) -> dict[str, Any]:
        """The description of the execution, once it has ended."""
        return until(
            lambda: self.client.describe_execution(executionArn=execution),
            lambda found: found["status"] != "RUNNING",
        )

    def refusal(self, operation: str, **params: Any) -> str:
        with pytest.raises(ClientError) as refused:
            getattr(self.client, operation)(**params)
        return str(refused.value.response["Error"]["Code"])


def until[Found](read: Callable[[], Found], enough: Callable[[Found], bool]) -> Found:
    """What `read` gives, once it is enough."""
    deadline = time.monotonic() + SECONDS_MAX
    while not enough(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found
