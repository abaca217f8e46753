"""Records that the pipeline gave up are brought in again once the cause is mended, and nothing is lost."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from local.deploy import OUTPUT
from local.stack import STACK_NAME
from switchyard import admin
from tests.stack.test_alarms import state_of, until

FUNCTION = "PipelineProjectChanges"
BROKEN = """
from switchyard.pipeline import batches
from switchyard.pipeline.consumer import consumer

@consumer("pipeline.project_changes", batches.stream, reserve=9)
def handler(invocation, record, outbox):
    raise KeyError("a release that is broken")
"""


def package(source: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", source)
    return content.getvalue()


class Operator:
    """The operator's command line against the stack."""

    def __init__(self, stack: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
        self.stack, self.capsys = stack, capsys

    def run(self, *arguments: str) -> Any:
        self.capsys.readouterr()
        assert admin.main(["--stack", STACK_NAME, "--json", *arguments]) == 0, self.capsys.readouterr().err
        return json.loads(self.capsys.readouterr().out)

    def letters(self, queue: str = "pipeline") -> int:
        return next(each["letters"] for each in self.run("dead-letters", "list") if each["queue"] == queue)


@pytest.fixture
def operator(
    stack: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Operator]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack["aws"]["endpoint_url"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", stack["aws"]["region_name"])
    monkeypatch.delenv("TABLE_NAME", raising=False)
    made = Operator(stack, capsys)
    if made.letters():
        made.run("dead-letters", "purge", "pipeline", "--yes")
    yield made
    made.run("dead-letters", "purge", "pipeline", "--yes")


@pytest.fixture
def code(aws: Any) -> Iterator[Callable[[str], None]]:
    """Put other code in the place of the function; its own comes back."""
    whole = (OUTPUT / FUNCTION / "app.py").read_text()

    def put(source: str) -> None:
        name = f"switchyard-local_{FUNCTION}"
        aws("lambda").update_function_code(FunctionName=name, ZipFile=package(source or whole))

    yield put
    put("")


@pytest.fixture
def client(stack: dict[str, Any]) -> httpx.Client:
    headers = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    return httpx.Client(base_url=stack["url"], headers=headers, timeout=30)


def make_task(client: httpx.Client, stack: dict[str, Any]) -> str:
    scope = {"type": "projects", "ids": [stack["project_id"]]}
    answer = client.post("/v1/tracks", json={"type": "task", "title": "A task", "scope": scope})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def entries(client: httpx.Client, task: str) -> int:
    answer = client.get(f"/v1/audit?track={task}")
    assert answer.status_code == 200, answer.text
    return len(answer.json()["items"])


def test_what_a_broken_release_gave_up_is_brought_in_again(
    aws: Any, stack: dict[str, Any], operator: Operator, code: Callable[[str], None], client: httpx.Client
) -> None:
    alarm = "switchyard-local-PipelineGaveUp"
    code(BROKEN)
    tasks = [make_task(client, stack) for _ in range(3)]
    until(lambda: operator.letters() == 3 or None)
    until(lambda: state_of(aws, alarm) == "ALARM" or None)
    shown = operator.run("dead-letters", "show", "pipeline")
    assert {each["kind"] for each in shown} == {"record"}
    assert {each["error"] for each in shown} == {"KeyError: 'a release that is broken'"}
    assert {task in each["about"] for task in tasks for each in shown} == {True, False}
    assert [entries(client, each) for each in tasks] == [0, 0, 0]
    # while the cause is there, letters stay as they are, and no more come to be
    time.sleep(6)
    again = operator.run("dead-letters", "redrive", "pipeline")
    assert {each["outcome"] for each in again} == {"it failed again: 1 of its records"}
    time.sleep(6)
    assert operator.letters() == 3
    # mended
    code("")
    done = operator.run("dead-letters", "redrive", "pipeline")
    assert [each["outcome"] for each in done] == ["done"] * 3
    assert operator.letters() == 0
    assert [entries(client, each) for each in tasks] == [1, 1, 1]
    until(lambda: state_of(aws, alarm) == "OK" or None)


def test_what_a_letter_only_names_is_read_from_the_stream_while_it_is_there(
    aws: Any, outputs: dict[str, str], stack: dict[str, Any], operator: Operator, client: httpx.Client
) -> None:
    task = make_task(client, stack)
    until(lambda: entries(client, task) or None)
    gone = {"Keys": {"pk": {"S": f"{stack['workspace_id']}#{task}"}, "sk": {"S": "TRACK"}}, "SequenceNumber": "1"}
    arn = aws("dynamodb").describe_table(TableName=outputs["TableName"])["Table"]["LatestStreamArn"]
    letter = {"consumer": "pipeline.project_changes", "error": "x", "record": {"eventSourceARN": arn, "dynamodb": gone}}
    url = aws("cloudformation").describe_stack_resource(StackName=STACK_NAME, LogicalResourceId="PipelineDeadLetters")
    queue = url["StackResourceDetail"]["PhysicalResourceId"]
    aws("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(letter))
    (told,) = operator.run("dead-letters", "redrive", "pipeline")
    assert (told["kind"], told["outcome"]) == (
        "records",
        "its records are no longer in the stream: rebuild the tenant",
    )
