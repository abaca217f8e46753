"""What AWS refuses, the local stack refuses: a case for each rule, whose source emulator/request_limits.py names."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.stack.emulated import create_role, policy, zipped

KB = 1024
MB = 1024 * KB
Call = Callable[["Parts"], Any]


class Parts:
    """A table, a queue, a bucket, a machine and a function to be refused by."""

    def __init__(self, aws: Any) -> None:
        self.aws = aws
        self.name = f"test-{uuid.uuid4().hex[:8]}"
        self.role = create_role(aws, self.name, "states")
        self.planner = create_role(aws, f"{self.name}-plans", "scheduler")
        key = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
        index = [{"AttributeName": "ipk", "KeyType": "HASH"}, {"AttributeName": "isk", "KeyType": "RANGE"}]
        aws("dynamodb").create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=key,
            AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk", "ipk", "isk")],
            GlobalSecondaryIndexes=[
                {"IndexName": "index", "KeySchema": index, "Projection": {"ProjectionType": "ALL"}}
            ],
        )
        self.queue = aws("sqs").create_queue(QueueName=self.name)["QueueUrl"]
        aws("s3").create_bucket(Bucket=self.name)
        self.machine = self.create_machine(self.name)
        self.function = self.create_function(self.name)

    def create_machine(self, name: str, passes: str = "Pass") -> str:
        """Create a state machine; its ARN."""
        definition = json.dumps({"StartAt": "Only", "States": {"Only": {"Type": passes, "End": True}}})
        states = self.aws("stepfunctions")
        return str(states.create_state_machine(name=name, roleArn=self.role, definition=definition)["stateMachineArn"])

    def create_function(self, name: str, **settings: Any) -> str:
        """Create a function; its name."""
        code = {"ZipFile": zipped("def handler(event, context):\n    return 'x' * event.get('answer', 0)\n")}
        self.aws("lambda").create_function(
            FunctionName=name, Runtime="python3.13", Handler="app.handler", Role=self.role, Code=code, **settings
        )
        return name

    def put(self, pk: str = "p", sk: str = "s", **attributes: Any) -> Any:
        """Put an item."""
        item = {"pk": {"S": pk}, "sk": {"S": sk}, **attributes}
        return self.aws("dynamodb").put_item(TableName=self.name, Item=item)

    def update(self, expression: str, values: dict[str, Any], names: dict[str, str] | None = None) -> Any:
        """Update an item."""
        more = {"ExpressionAttributeNames": names} if names else {}
        key = {"pk": {"S": "p"}, "sk": {"S": "updated"}}
        return self.aws("dynamodb").update_item(
            TableName=self.name, Key=key, UpdateExpression=expression, ExpressionAttributeValues=values, **more
        )

    def transact(self, *items: dict[str, Any]) -> Any:
        """Put items in one transaction."""
        puts = [{"Put": {"TableName": self.name, "Item": item}} for item in items]
        return self.aws("dynamodb").transact_write_items(TransactItems=puts)

    def batch(self, count: int) -> Any:
        """Put items in one batch."""
        requests = [{"PutRequest": {"Item": self.item(str(n))}} for n in range(count)]
        return self.aws("dynamodb").batch_write_item(RequestItems={self.name: requests})

    def item(self, sk: str, size: int = 0) -> dict[str, Any]:
        """An item, with an attribute of that many bytes."""
        return {"pk": {"S": "p"}, "sk": {"S": sk}, "a": {"S": "x" * size}}

    def send(self, body: str, **more: Any) -> Any:
        """Send a message."""
        return self.aws("sqs").send_message(QueueUrl=self.queue, MessageBody=body, **more)

    def send_batch(self, *bodies: str) -> Any:
        """Send messages in one batch."""
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        return self.aws("sqs").send_message_batch(QueueUrl=self.queue, Entries=entries)

    def events(self, count: int = 1, size: int = 0) -> Any:
        """Put events on the bus."""
        entry = {"Source": "test", "DetailType": "test", "Detail": json.dumps({"a": "x" * size})}
        return self.aws("events").put_events(Entries=[entry] * count)

    def start(self, name: str, text: str = "{}") -> Any:
        """Start an execution."""
        return self.aws("stepfunctions").start_execution(stateMachineArn=self.machine, name=name, input=text)

    def plan(self, target: dict[str, Any] | None = None, **given: Any) -> Any:
        """Create a schedule of the default group."""
        arn = self.aws("sqs").get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]
        aimed = {"Arn": arn["QueueArn"], "RoleArn": self.planner, "Input": "{}", **(target or {})}
        usual = {"Name": uuid.uuid4().hex, "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}}
        return self.aws("scheduler").create_schedule(**{**usual, "Target": aimed, **given})

    def put_object(self, key: str = "k", **more: Any) -> Any:
        """Put an object."""
        return self.aws("s3").put_object(Bucket=self.name, Key=key, Body=b"", **more)

    def invoke(self, size: int, kind: str = "RequestResponse") -> Any:
        """Invoke the function with a payload of at least that many bytes."""
        return self.aws("lambda").invoke(
            FunctionName=self.function, InvocationType=kind, Payload=json.dumps({"a": "x" * size})
        )

    def many_keys(self, count: int) -> Any:
        """Read many items at once."""
        keys = [{"pk": {"S": "p"}, "sk": {"S": str(n)}} for n in range(count)]
        return self.aws("dynamodb").batch_get_item(RequestItems={self.name: {"Keys": keys}})


@pytest.fixture(scope="module")
def parts(stack: dict[str, Any]) -> Parts:
    """The parts, used through clients that check nothing themselves."""
    unchecked = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    return Parts(lambda service: boto3.client(service, **stack["aws"], config=unchecked))


def nested(levels: int) -> dict[str, Any]:
    """A value of that many levels."""
    value: dict[str, Any] = {"S": "x"}
    for _ in range(levels - 1):
        value = {"L": [value]}
    return value


VALIDATION = "ValidationException"
REFUSED: dict[str, tuple[str, Call]] = {
    "partition key of 2,049 bytes": (VALIDATION, lambda p: p.put(pk="ä" * 1024 + "x")),
    "sort key of 1,025 bytes": (VALIDATION, lambda p: p.put(sk="ä" * 512 + "x")),
    "empty partition key": (VALIDATION, lambda p: p.put(pk="")),
    "empty sort key": (VALIDATION, lambda p: p.put(sk="")),
    "index partition key of 2,049 bytes": (VALIDATION, lambda p: p.put(ipk={"S": "x" * 2049}, isk={"S": "s"})),
    "index sort key of 1,025 bytes": (VALIDATION, lambda p: p.put(ipk={"S": "p"}, isk={"S": "x" * 1025})),
    "index sort key of 1,025 bytes alone": (VALIDATION, lambda p: p.put(isk={"S": "x" * 1025})),
    "empty index key": (VALIDATION, lambda p: p.put(ipk={"S": ""}, isk={"S": "s"})),
    "index key of another type": (VALIDATION, lambda p: p.put(ipk={"N": "1"}, isk={"S": "s"})),
    "update to an index key of 1,025 bytes": (
        VALIDATION,
        lambda p: p.update("SET isk = :a", {":a": {"S": "x" * 1025}}),
    ),
    "index key of 1,025 bytes in a transaction": (
        VALIDATION,
        lambda p: p.transact(p.item("1"), p.item("2") | {"isk": {"S": "x" * 1025}}),
    ),
    "index key of 1,025 bytes in a batch": (
        VALIDATION,
        lambda p: p.aws("dynamodb").batch_write_item(
            RequestItems={p.name: [{"PutRequest": {"Item": p.item("1") | {"isk": {"S": "x" * 1025}}}}]}
        ),
    ),
    "update in a transaction to an index key of 1,025 bytes": (
        VALIDATION,
        lambda p: p.aws("dynamodb").transact_write_items(
            TransactItems=[
                {
                    "Update": {
                        "TableName": p.name,
                        "Key": {"pk": {"S": "p"}, "sk": {"S": "transacted"}},
                        "UpdateExpression": "SET isk = :a",
                        "ExpressionAttributeValues": {":a": {"S": "x" * 1025}},
                    }
                }
            ]
        ),
    ),
    "item of 400 KB and a byte": (VALIDATION, lambda p: p.put(a={"S": "x" * (400 * KB - 6)})),
    "item grown above 400 KB": (VALIDATION, lambda p: p.update("SET a = :a", {":a": {"S": "x" * (400 * KB)}})),
    "number of 39 digits": (VALIDATION, lambda p: p.put(a={"N": "1" * 39})),
    "33 levels": (VALIDATION, lambda p: p.put(a=nested(33))),
    "unused value": (VALIDATION, lambda p: p.update("SET a = :a", {":a": {"S": "x"}, ":b": {"S": "x"}})),
    "unused name": (VALIDATION, lambda p: p.update("SET a = :a", {":a": {"S": "x"}}, {"#b": "b"})),
    "expression above 4 KB": (VALIDATION, lambda p: p.update("SET a = :a" + " " * 4096, {":a": {"S": "x"}})),
    "101 actions in a transaction": (VALIDATION, lambda p: p.transact(*[p.item(str(n)) for n in range(101)])),
    "transaction above 4 MB": (VALIDATION, lambda p: p.transact(*[p.item(str(n), 399 * KB) for n in range(11)])),
    "two actions on one item": (VALIDATION, lambda p: p.transact(p.item("1"), p.item("1"))),
    "batch of 26 writes": (VALIDATION, lambda p: p.batch(26)),
    "batch of 101 reads": (VALIDATION, lambda p: p.many_keys(101)),
    "schedule name of 65 characters": (VALIDATION, lambda p: p.plan(Name="n" * 65)),
    "schedule of an expression that is none": (VALIDATION, lambda p: p.plan(ScheduleExpression="cron(0 9 * * * *)")),
    "schedule of a time zone that is none": (VALIDATION, lambda p: p.plan(ScheduleExpressionTimezone="Mars/Olympus")),
    "schedule that began ten minutes ago": (VALIDATION, lambda p: p.plan(StartDate=time.time() - 600)),
    "schedule that is over": (VALIDATION, lambda p: p.plan(EndDate=time.time() - 1)),
    "schedule with 186 attempts": (VALIDATION, lambda p: p.plan({"RetryPolicy": {"MaximumRetryAttempts": 186}})),
    "schedule of a role that Scheduler may not take": (VALIDATION, lambda p: p.plan({"RoleArn": p.role})),
    "empty message": ("MissingParameter", lambda p: p.send("")),
    "message above 1 MiB": ("InvalidParameterValue", lambda p: p.send("ä" * (512 * KB) + "x")),
    "message attribute above 1 MiB": (
        "InvalidParameterValue",
        lambda p: p.send("x", MessageAttributes={"a": {"DataType": "String", "StringValue": "x" * MB}}),
    ),
    "message with U+FFFF": ("InvalidMessageContents", lambda p: p.send("x\uffff")),
    "message with U+FFFE": ("InvalidMessageContents", lambda p: p.send("x\ufffe")),
    "message with U+0000": ("InvalidMessageContents", lambda p: p.send("x\0")),
    "message with U+001B": ("InvalidMessageContents", lambda p: p.send("x\x1b")),
    "batch of 11 messages": (
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        lambda p: p.send_batch(*["x"] * 11),
    ),
    "batch above 1 MiB": (
        "AWS.SimpleQueueService.BatchRequestTooLong",
        lambda p: p.send_batch(*["x" * (600 * KB)] * 2),
    ),
    "empty batch": ("AWS.SimpleQueueService.EmptyBatchRequest", lambda p: p.send_batch()),
    "delay of 901 seconds": ("InvalidParameterValue", lambda p: p.send("x", DelaySeconds=901)),
    "11 events": (VALIDATION, lambda p: p.events(11)),
    "events above 256 KB": (VALIDATION, lambda p: p.events(2, 128 * KB)),
    "no events": (VALIDATION, lambda p: p.events(0)),
    "execution input above 256 KiB": (VALIDATION, lambda p: p.start("large", json.dumps("x" * 256 * KB))),
    "execution name of 81 characters": ("InvalidName", lambda p: p.start("x" * 81)),
    "execution name with a space": ("InvalidName", lambda p: p.start("a b")),
    "execution name with a slash": ("InvalidName", lambda p: p.start("a/b")),
    "execution input that is not JSON": ("InvalidExecutionInput", lambda p: p.start("text", "{")),
    "two executions of one name": ("ExecutionAlreadyExists", lambda p: [p.start("twice", text) for text in "12"]),
    "machine name of 81 characters": ("InvalidName", lambda p: p.create_machine("x" * 81)),
    "machine name with a space": ("InvalidName", lambda p: p.create_machine("a b")),
    "another machine of the same name": (
        "StateMachineAlreadyExists",
        lambda p: p.create_machine(p.name, passes="Succeed"),
    ),
    "task output above 256 KiB": (
        VALIDATION,
        lambda p: p.aws("stepfunctions").send_task_success(taskToken="x", output=json.dumps("x" * 256 * KB)),
    ),
    "object key of 1,025 bytes": ("KeyTooLongError", lambda p: p.put_object("ä" * 512 + "x")),
    "metadata above 2 KB": ("MetadataTooLarge", lambda p: p.put_object(Metadata={"a": "x" * 2048})),
    "11 tags": ("BadRequest", lambda p: p.put_object(Tagging="&".join(f"k{n}=v" for n in range(11)))),
    "tag key of 129 characters": ("InvalidTag", lambda p: p.put_object(Tagging="k" * 129 + "=v")),
    "payload above 6 MB": ("RequestTooLargeException", lambda p: p.invoke(6 * MB)),
    "asynchronous payload above 1 MB": ("RequestTooLargeException", lambda p: p.invoke(MB, "Event")),
    "environment above 4 KB": (
        "InvalidParameterValueException",
        lambda p: p.create_function("large-env", Environment={"Variables": {"A": "x" * 4096}}),
    ),
    "function name of 65 characters": (VALIDATION, lambda p: p.create_function("f" * 65)),
    "function name with a space": (VALIDATION, lambda p: p.create_function("a b")),
    "reserved variable": (
        "InvalidParameterValueException",
        lambda p: p.create_function("reserved", Environment={"Variables": {"AWS_REGION": "x"}}),
    ),
    "timeout of 901 seconds": (VALIDATION, lambda p: p.create_function("slow", Timeout=901)),
}


@pytest.mark.parametrize(("code", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_what_aws_refuses_is_refused(parts: Parts, code: str, call: Call) -> None:
    with pytest.raises(ClientError) as refusal:
        call(parts)
    assert refusal.value.response["Error"]["Code"] == code


TAKEN: dict[str, Call] = {
    "keys at their limits": lambda p: p.put(pk="x" * 2048, sk="x" * 1024),
    "index keys at their limits": lambda p: p.put(ipk={"S": "x" * 2048}, isk={"S": "ä" * 512}),
    "item of 400 KB": lambda p: p.put(a={"S": "x" * (400 * KB - 7)}),
    "number of 38 digits": lambda p: p.put(a={"N": "1" * 38}),
    "32 levels": lambda p: p.put(a=nested(32)),
    "characters that a row takes and a message does not": lambda p: p.put(a={"S": "\0\x1b\ufffe\uffff"}),
    "100 actions in a transaction": lambda p: p.transact(*[p.item(str(n)) for n in range(100)]),
    "batch of 25 writes": lambda p: p.batch(25),
    "message of 1 MiB": lambda p: p.send("x" * MB),
    "message with every kind of character": lambda p: p.send("\t\n\r \ud7ff\ue000\ufffd\U00010000\U0010ffff"),
    "10 events": lambda p: p.events(10),
    "events of nearly 256 KB": lambda p: p.events(2, 127 * KB),
    "execution input of 256 KiB": lambda p: p.start("long", json.dumps("x" * (256 * KB - 2))),
    "execution name of 80 characters": lambda p: p.start("n" * 80),
    "the same machine again": lambda p: p.create_machine(p.name),
    "schedule name of 64 characters": lambda p: p.plan(Name="n" * 64),
    "schedule that begins now, with 185 attempts": lambda p: p.plan(
        {"RetryPolicy": {"MaximumRetryAttempts": 185}}, StartDate=time.time()
    ),
    "object key of 1,024 bytes": lambda p: p.put_object("ä" * 512),
    "metadata of 2 KB": lambda p: p.put_object(Metadata={"a": "x" * 2047}),
    "10 tags": lambda p: p.put_object(Tagging="&".join(f"k{n}=v" for n in range(10))),
    "payload of nearly 6 MB": lambda p: p.invoke(6 * MB - 100),
    "asynchronous payload of nearly 1 MB": lambda p: p.invoke(MB - 100, "Event"),
}


@pytest.mark.parametrize("call", TAKEN.values(), ids=TAKEN.keys())
def test_what_aws_takes_is_taken(parts: Parts, call: Call) -> None:
    call(parts)


def test_pages_of_queries_scans_and_batches_are_bounded_by_bytes(parts: Parts) -> None:
    client, large = parts.aws("dynamodb"), "large"
    for n in range(60):
        client.put_item(
            TableName=parts.name, Item={"pk": {"S": large}, "sk": {"S": f"{n:02}"}, "a": {"S": "x" * 300 * KB}}
        )
    condition = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": large}}}
    for page in (client.query(TableName=parts.name, **condition), client.scan(TableName=parts.name)):
        assert "LastEvaluatedKey" in page
        assert sum(len(row.get("a", {}).get("S", "")) for row in page["Items"]) <= MB + 300 * KB
    keys = [{"pk": {"S": large}, "sk": {"S": f"{n:02}"}} for n in range(60)]
    answer = client.batch_get_item(RequestItems={parts.name: {"Keys": keys}})
    got = len(answer["Responses"][parts.name])
    assert 40 < got <= 16 * MB // (300 * KB)
    assert len(answer["UnprocessedKeys"][parts.name]["Keys"]) == 60 - got


def test_an_answer_above_6_mb_is_the_functions_failure(parts: Parts) -> None:
    answer = parts.aws("lambda").invoke(FunctionName=parts.function, Payload=json.dumps({"answer": 6 * MB}))
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"])["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize("allowed", [False, True])
def test_an_events_dead_letters_need_the_queues_policy(parts: Parts, allowed: bool) -> None:
    sqs, events = parts.aws("sqs"), parts.aws("events")
    name = f"{parts.name}-{'open' if allowed else 'closed'}"
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    if allowed:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy(statement)})
    nowhere = arn.replace(name, f"{name}-nowhere")
    target = {"Id": "1", "Arn": nowhere, "DeadLetterConfig": {"Arn": arn}, "RetryPolicy": {"MaximumRetryAttempts": 0}}
    events.put_targets(Rule=name, Targets=[target])
    events.put_events(Entries=[{"Source": name, "DetailType": "test", "Detail": "{}"}])
    received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=3).get("Messages", [])
    assert len(received) == (1 if allowed else 0)
