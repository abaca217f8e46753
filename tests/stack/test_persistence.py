"""What a local stack keeps when it is stopped, and when it is killed."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import httpx
import pytest

from local import process
from local.stack import Stack, choose, folder_of
from tests.stack.emulated import CONSUMER, STEP, Machine, Stream, create_function, create_role

SAVE_SECONDS = 1


@pytest.fixture
def stack() -> Iterator[Stack]:
    """An emulator of this test alone, with nothing deployed."""
    name = f"test-{os.getpid()}-keeps"
    chosen = replace(choose(name), save_seconds=SAVE_SECONDS)
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
    url = aws("s3").generate_presigned_url("get_object", Params={"Bucket": "uploads", "Key": "a/b"})
    assert httpx.get(url, trust_env=False).content == b"kept"
    aws("lambda").delete_function_concurrency(FunctionName="consumer")
    put(aws, stream.table, 11)
    seen = stream.batches(lambda batches: batches[-1:] == [[11]] or [10, 11] in batches)
    assert [n for batch in seen for n in batch] == list(range(12))


def put(aws: Any, table: str, n: int) -> None:
    """Write one row."""
    aws("dynamodb").put_item(TableName=table, Item={"pk": {"S": str(n)}, "n": {"N": str(n)}, "bad": {"S": "no"}})


@pytest.mark.parametrize("end", [kill, stop])
def test_an_execution_that_waits_begins_anew_after_a_restart(stack: Stack, end: Any) -> None:
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
