"""What a local stack keeps when it is stopped, and when it is killed."""

import itertools
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from local import process
from local.stack import Stack, choose, folder_of
from tests.stack.emulated import CONSUMER, STEP, Machine, Stream, create_function, create_role

SAVE_SECONDS = 1


@pytest.fixture
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """An emulator of this test alone, with nothing deployed; `request.param` are the seconds between saves."""
    name = f"test-{os.getpid()}-keeps"
    chosen = replace(choose(name), save_seconds=getattr(request, "param", SAVE_SECONDS))
    try:
        process.start(chosen)
        yield chosen
    finally:
        process.stop(name)
        shutil.rmtree(folder_of(name), ignore_errors=True)


def kill(stack: Stack) -> None:
    """End the emulator without any warning, after the time in which it saves."""
    time.sleep(SAVE_SECONDS * 2.5)
    pid = process.pid_of(stack.name)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def stop(stack: Stack) -> None:
    """Stop the emulator as `make stop` does."""
    process.stop(stack.name)


@pytest.mark.parametrize("end", [kill, stop])
def test_rows_streams_and_uploads_go_on_after_a_restart(stack: Stack, end: Any) -> None:
    def aws(service: str) -> Any:
        return boto3.client(service, **stack.client_options())

    function = create_function(aws, "consumer", CONSUMER)
    stream = Stream(aws, function)
    aws("s3").create_bucket(Bucket="uploads")
    aws("s3").put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    former = aws("s3").put_object(Bucket="uploads", Key="a/b", Body=b"former")["VersionId"]
    aws("s3").put_object(Bucket="uploads", Key="a/b", Body=b"kept")
    stream.write({})
    assert stream.batches(lambda batches: len(batches) == 1) == [list(range(10))]
    # A record that the consumer cannot take yet is still unread when the emulator ends.
    aws("lambda").put_function_concurrency(FunctionName="consumer", ReservedConcurrentExecutions=0)
    put(aws, stream.table, 10)
    time.sleep(0.3)

    end(stack)
    process.start(stack)

    assert aws("dynamodb").get_item(TableName=stream.table, Key={"pk": {"S": "10"}})["Item"]["n"] == {"N": "10"}
    assert aws("s3").get_object(Bucket="uploads", Key="a/b")["Body"].read() == b"kept"
    assert aws("s3").get_object(Bucket="uploads", Key="a/b", VersionId=former)["Body"].read() == b"former"
    url = aws("s3").generate_presigned_url("get_object", Params={"Bucket": "uploads", "Key": "a/b"})
    assert httpx.get(url, trust_env=False).content == b"kept"
    aws("lambda").delete_function_concurrency(FunctionName="consumer")
    put(aws, stream.table, 11)
    seen = stream.batches(lambda batches: batches[-1:] == [[11]] or [10, 11] in batches)
    assert [n for batch in seen for n in batch] == list(range(12))


def test_a_stream_that_nobody_read_yet_is_kept_for_its_first_mapping(stack: Stack) -> None:
    def aws(service: str) -> Any:
        return boto3.client(service, **stack.client_options())

    stream = Stream(aws, create_function(aws, "consumer", CONSUMER))
    for n in range(3):
        put(aws, stream.table, n)
        time.sleep(SAVE_SECONDS * 1.5)
    kill(stack)
    process.start(stack)
    aws("lambda").create_event_source_mapping(**stream.mapping)
    assert stream.batches(lambda batches: bool(batches)) == [[0, 1, 2]]


def put(aws: Any, table: str, n: int) -> None:
    """Write one row."""
    aws("dynamodb").put_item(TableName=table, Item={"pk": {"S": str(n)}, "n": {"N": str(n)}, "bad": {"S": "no"}})


@pytest.mark.parametrize("end", [kill, stop])
def test_a_waiting_execution_starts_again_after_a_restart(stack: Stack, end: Any) -> None:
    def aws(service: str) -> Any:
        return boto3.client(service, **stack.client_options())

    machine = Machine(aws, create_function(aws, "step", STEP), create_role(aws, "states", "states"))
    waiting, done = machine.start(), machine.start()
    (former,) = machine.tokens(waiting)
    machine.client.send_task_success(taskToken=machine.tokens(done)[0], output="{}")
    machine.end(done)

    end(stack)
    process.start(stack)

    assert machine.end(done)["status"] == "SUCCEEDED"
    assert machine.refusal("send_task_success", taskToken=former, output="{}") == "TaskDoesNotExist"
    _, token = machine.tokens(waiting, count=2)
    machine.client.send_task_success(taskToken=token, output="{}")
    assert machine.end(waiting)["status"] == "SUCCEEDED"


@pytest.mark.parametrize("stack", [10], indirect=True)
def test_a_kill_loses_at_most_the_last_second(stack: Stack) -> None:
    """Writers go on until the very end; what they were told a second before it is there, and so are its records."""

    def aws(service: str) -> Any:
        return boto3.client(service, **stack.client_options())

    stream = Stream(aws, create_function(aws, "consumer", CONSUMER))
    stream.write({})
    queue = aws("sqs").create_queue(QueueName="kept")["QueueUrl"]
    machine = Machine(aws, create_function(aws, "step", STEP), create_role(aws, "states", "states"))
    # Tables, queues and machines come with a deployment, which has all of it saved.
    process.command(stack, "save")
    acknowledged: dict[str, float] = {}
    stopped = threading.Event()

    def write(writer: int) -> None:
        client = aws("dynamodb")
        for n in itertools.count():
            number = f"{1000 * writer + n}"
            items = [{"pk": {"S": f"{side}{number}"}, "n": {"N": number}, "bad": {"S": "no"}} for side in "ab"]
            puts = [{"Put": {"TableName": stream.table, "Item": item}} for item in items]
            try:
                client.transact_write_items(TransactItems=puts)
            except (BotoCoreError, ClientError):
                assert stopped.is_set()
                return
            acknowledged[number] = time.monotonic()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for each in writers:
        each.start()
    time.sleep(0.5)
    execution = machine.start()
    message = aws("sqs").send_message(QueueUrl=queue, MessageBody="kept")["MessageId"]
    time.sleep(2.2)
    stopped.set()
    pid = process.pid_of(stack.name)
    assert pid is not None
    killed = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for each in writers:
        each.join()
    process.start(stack)

    rows = [row["pk"]["S"] for page in scan(aws, stream.table) for row in page["Items"] if row["pk"]["S"][0] in "ab"]
    sides = {side: {pk[1:] for pk in rows if pk[0] == side} for side in "ab"}
    assert sides["a"] == sides["b"], "half a transaction is left"
    kept = {number for number, when in acknowledged.items() if when < killed - 1}
    assert len(kept) > 20
    assert kept <= sides["a"]
    assert machine.client.describe_execution(executionArn=execution)["status"] == "RUNNING"
    received = aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1)["Messages"]
    assert [each["MessageId"] for each in received] == [message]
    # Every row that is there reaches the consumer, before or after.
    expected = {int(number) for number in sides["a"]}
    deadline = time.monotonic() + 20
    while not expected <= consumed(stack):
        assert time.monotonic() < deadline, f"not consumed: {expected - consumed(stack)}"
        time.sleep(0.1)


def consumed(stack: Stack) -> set[int]:
    """The numbers that the consumer printed so far."""
    lines = (stack.logs / "functions.log").read_text(encoding="utf-8").splitlines()
    return {n for line in lines if line.startswith("consumer [") for n in json.loads(line.removeprefix("consumer "))}


def scan(aws: Any, table: str) -> Any:
    """All pages of a table."""
    return aws("dynamodb").get_paginator("scan").paginate(TableName=table)
