"""How calls are compared with roles, at the end of tests/api: what is missing is told, and what nothing used."""

from typing import Any

import pytest

from tests.support import rights
from tests.support.template import resources

READ = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": {"GetAtt": "TableInUseArn.Value"}}
LIST = {"Effect": "Allow", "Action": ["dynamodb:Query"], "Resource": {"Sub": "${TableInUseArn.Value}/index/due"}}
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": [{"GetAtt": "Deliveries.Arn"}]}


def role(*statements: Any, **more: Any) -> dict[str, Any]:
    return {"Reads": {"Policies": [{"Statement": list(statements)}], **more}}


@pytest.mark.parametrize(
    ("statements", "calls", "wrong"),
    [
        ([READ], {("dynamodb:GetItem", "")}, []),
        ([READ], set(), ["Reads: nothing used dynamodb:GetItem"]),
        ([], {("dynamodb:GetItem", "")}, ["Reads: lacks dynamodb:GetItem"]),
        ([LIST], {("dynamodb:Query", "due")}, []),
        ([LIST], {("dynamodb:Query", "")}, ["Reads: lacks dynamodb:Query", "Reads: nothing used dynamodb:Query due"]),
        ([LIST], {("dynamodb:Query", "due"), ("dynamodb:Query", "ready")}, ["Reads: lacks dynamodb:Query ready"]),
        ([SEND], {("sqs:SendMessage", "")}, []),
        ([SEND], set(), ["Reads: nothing used sqs:SendMessage"]),
    ],
)
def test_calls_and_roles_are_the_same(statements: list[Any], calls: set[tuple[str, str]], wrong: list[str]) -> None:
    assert rights.compare(role(*statements), {"Reads": calls}) == wrong


def test_all_indexes_are_allowed_by_a_star_which_one_of_them_uses() -> None:
    star = {**LIST, "Resource": {"Sub": "${TableInUseArn.Value}/index/*"}}
    assert rights.compare(role(star), {"Reads": {("dynamodb:Query", "due"), ("dynamodb:Query", "ready")}}) == []
    assert rights.compare(role(star), {"Reads": {("dynamodb:Query", "")}}) == [
        "Reads: lacks dynamodb:Query",
        "Reads: nothing used dynamodb:Query *",
    ]


def test_what_lambda_does_with_a_queue_is_no_call_of_the_function() -> None:
    polled = {**SEND, "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]}
    (function,) = role(polled).values()
    assert rights.compare({"PipelineSignalRuns": function}, {}) == []
    assert len(rights.compare(role(polled), {})) == 3


def test_what_lambda_sends_when_the_function_failed_is_no_call_of_the_function() -> None:
    failing = {"DestinationConfig": {"OnFailure": {"Type": "SQS"}}}
    letters = {**SEND, "Resource": {"GetAtt": "PipelineDeadLetters.Arn"}}
    reader = {"Lines": {"Type": "DynamoDB", "Properties": failing}}
    assert rights.compare(role(letters, EventInvokeConfig=failing), {}) == []
    assert rights.compare(role(letters, Events=reader), {}) == []
    unused = ["Reads: nothing used sqs:SendMessage"]
    assert rights.compare(role(letters), {}) == unused
    assert rights.compare(role(SEND, Events=reader), {}) == unused


def test_a_run_of_some_tests_shows_what_is_missing_and_not_what_is_unused() -> None:
    calls = {"Reads": {("dynamodb:Query", "due")}}
    assert rights.compare(role(READ), calls, whole=False) == ["Reads: lacks dynamodb:Query due"]


def test_a_call_of_nobody_is_told() -> None:
    assert rights.compare({}, {"Lists": {("dynamodb:Query", "")}}) == ["Lists: no such function in the template"]


def test_each_function_with_a_role_of_its_own_is_compared() -> None:
    functions = resources("AWS::Serverless::Function")
    wrong = rights.compare(functions, {})
    silent = {name for name, each in functions.items() if not rights.granted(each)}
    assert {line.partition(":")[0] for line in wrong} == functions.keys() - silent
    assert "PipelineEnqueueDeliveries: nothing used sqs:SendMessage" in wrong
    assert len(silent) < len(functions) / 10


@pytest.mark.parametrize(
    ("name", "given", "params", "actions"),
    [
        ("get_object", (), {"Key": "k"}, ["s3:GetObject"]),
        ("get_object", (), {"Key": "k", "VersionId": "1"}, ["s3:GetObjectVersion"]),
        ("head_object", (), {"Key": "k"}, ["s3:GetObject"]),
        ("generate_presigned_url", ("get_object",), {"Params": {"VersionId": "1"}}, ["s3:GetObjectVersion"]),
        ("generate_presigned_post", (), {"Fields": {"tagging": "<x>"}}, ["s3:PutObject", "s3:PutObjectTagging"]),
        ("create_multipart_upload", (), {"Tagging": "a=b"}, ["s3:PutObject", "s3:PutObjectTagging"]),
        ("put_object_tagging", (), {"Tagging": {}, "VersionId": "1"}, ["s3:PutObjectVersionTagging"]),
        ("abort_multipart_upload", (), {}, ["s3:AbortMultipartUpload"]),
    ],
)
def test_calls_of_s3_are_taken_for_the_actions_that_they_need(
    name: str, given: tuple[Any, ...], params: dict[str, Any], actions: list[str]
) -> None:
    assert list(rights.s3_actions_of(name, given, params)) == actions
