"""Functions and streams that tests of this ring make for themselves."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

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


def zipped(source: str) -> bytes:
    """A deployment package with one module."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", source)
    return content.getvalue()


def create_function(aws: Any, name: str, source: str, actions: list[str] | None = None, **settings: Any) -> str:
    """Create a function whose role allows these actions; its ARN."""
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    if actions:
        allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=policy(allowed))
    return aws("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": zipped(source)},
        **settings,
    )["FunctionArn"]


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
