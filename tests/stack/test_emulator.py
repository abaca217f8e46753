"""What the other tests of this ring rely on: the local stack carries requests and records as AWS does."""

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.stack.emulated import CONSUMER, Stream, create_function

ECHO = """
import json, os, sys, time

def handler(event, context):
    time.sleep(float((event.get("queryStringParameters") or {}).get("sleep", 0)))
    if "fail" in (event.get("queryStringParameters") or {}):
        raise LookupError("as asked")
    headers = json.loads((event.get("queryStringParameters") or {}).get("headers", "{}"))
    body = json.dumps({"event": event, "pid": os.getpid(), "path": sys.path})
    return {"statusCode": 200, "headers": headers, "body": body}
"""


@pytest.fixture(scope="module")
def function(aws: Any) -> Iterator[Callable[..., str]]:
    """Create functions of these tests' own: the ARN of a new one."""
    client, made = aws("lambda"), []

    def create(source: str) -> str:
        name = f"test-{uuid.uuid4().hex[:8]}"
        made.append(name)
        return create_function(aws, name, source)

    yield create
    for name in made:
        client.delete_function(FunctionName=name)


@pytest.fixture(scope="module")
def echo(stack: dict[str, Any], aws: Any, function: Callable[..., str]) -> Iterator[httpx.Client]:
    """A client of two routes that answer with the event that the function got."""
    gateway = aws("apigatewayv2")
    api = gateway.get_apis()["Items"][0]["ApiId"]
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function(ECHO), PayloadFormatVersion="2.0"
    )["IntegrationId"]
    routes = [
        gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integration}")["RouteId"]
        for key in ("ANY /echo/{one}", "ANY /echo/{one}/of/{two}")
    ]
    with httpx.Client(base_url=stack["url"], timeout=30, trust_env=False) as client:
        yield client
    for route in routes:
        gateway.delete_route(ApiId=api, RouteId=route)


@pytest.mark.parametrize(
    ("path", "raw", "parameters"),
    [
        ("/echo/abc", "/echo/abc", {"one": "abc"}),
        ("/echo/abc:cancel", "/echo/abc:cancel", {"one": "abc:cancel"}),
        ("/echo/@current/of/@me", "/echo/@current/of/@me", {"one": "@current", "two": "@me"}),
        ("/echo/a%20b", "/echo/a b", {"one": "a b"}),
        ("/echo/" + quote("Grüße✓"), "/echo/Grüße✓", {"one": "Grüße✓"}),
        ("/echo/50%25", "/echo/50%25", {"one": "50%25"}),
        ("/echo/a%3Fb%23c", "/echo/a?b#c", {"one": "a?b#c"}),
    ],
)
def test_path_reaches_the_function_as_api_gateway_delivers_it(
    echo: httpx.Client, path: str, raw: str, parameters: dict[str, str]
) -> None:
    event = echo.get(path).json()["event"]
    assert event["rawPath"] == raw
    assert event["pathParameters"] == parameters


def test_encoded_slash_is_a_slash_to_the_router(echo: httpx.Client) -> None:
    assert echo.get("/echo/a%2Fof%2Fb").json()["event"]["pathParameters"] == {"one": "a", "two": "b"}
    assert echo.get("/echo/a%2Fb").status_code == 404


def test_query_headers_and_body_arrive_unchanged(echo: httpx.Client) -> None:
    event = echo.post(
        "/echo/x?b=2&a=1&a=3&empty=&sp=a%20b+c",
        content=b"\x00\xff",
        headers=[
            ("X-One", "1"),
            ("X-One", "2"),
            ("Content-Type", "application/octet-stream"),
            ("Host", "example.test"),
        ],
    ).json()["event"]
    assert event["rawQueryString"] == "b=2&a=1&a=3&empty=&sp=a%20b+c"
    assert event["queryStringParameters"] == {"b": "2", "a": "1,3", "empty": "", "sp": "a b c"}
    assert event["headers"]["x-one"] == "1,2"
    assert event["headers"]["host"] == "example.test"
    assert event["headers"]["x-forwarded-proto"] == "http"
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\x00\xff"
    assert event["requestContext"]["http"]["method"] == "POST"


def test_what_no_route_matches_goes_to_the_default_route(echo: httpx.Client) -> None:
    for path in ("/nowhere", "/echo/abc/", "/echo/abc//of/d"):
        assert (echo.get(path).status_code, echo.get(path).json()["code"]) == (404, "resource_not_found")
    assert echo.options("/echo/abc").json()["event"]["requestContext"]["http"]["method"] == "OPTIONS"


def test_failed_function_and_large_body(echo: httpx.Client) -> None:
    failed = echo.get("/echo/x?fail=1")
    assert (failed.status_code, failed.json()) == (500, {"message": "Internal Server Error"})
    assert echo.post("/echo/x", content=b"x" * (10 * 1024 * 1024 + 1)).status_code == 413


def test_headers_that_are_the_gateways_own_arrive_under_another_name(echo: httpx.Client) -> None:
    sent = {"WWW-Authenticate": "Bearer", "Date": "then", "Server": "me", "ETag": '"1"'}
    headers = echo.get("/echo/x", params={"headers": json.dumps(sent)}).headers
    assert headers["x-amzn-remapped-www-authenticate"] == "Bearer"
    assert headers["x-amzn-remapped-date"] == "then"
    assert headers["x-amzn-remapped-server"] == "me"
    assert headers["etag"] == '"1"'
    assert headers["date"].endswith("GMT")
    assert not {"www-authenticate", "server"} & headers.keys()
    both = {"WWW-Authenticate": "Bearer", "X-Amzn-Remapped-WWW-Authenticate": "Bearer"}
    headers = echo.get("/echo/x", params={"headers": json.dumps(both)}).headers
    assert headers.get_list("x-amzn-remapped-www-authenticate") == ["Bearer"]


def test_invocations_of_one_function_run_at_the_same_time(echo: httpx.Client) -> None:
    list(ThreadPoolExecutor(8).map(lambda _: echo.get("/echo/x?sleep=0.2"), range(8)))
    started = time.monotonic()
    replies = list(ThreadPoolExecutor(8).map(lambda _: echo.get("/echo/x?sleep=1"), range(8)))
    assert time.monotonic() - started < 4
    assert len({reply.json()["pid"] for reply in replies}) == 8


def test_a_burst_of_invocations_is_spread_over_a_bounded_number_of_processes(echo: httpx.Client) -> None:
    replies = list(ThreadPoolExecutor(24).map(lambda _: echo.get("/echo/x?sleep=0.3"), range(24)))
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.json()["pid"] for reply in replies}) <= 16


def test_function_sees_no_packages_but_its_own(echo: httpx.Client) -> None:
    assert not [entry for entry in echo.get("/echo/x").json()["path"] if "site-packages" in entry]


def test_exception_is_reported_by_its_name(aws: Any, function: Callable[..., str]) -> None:
    reply = aws("lambda").invoke(
        FunctionName=function(ECHO), Payload=json.dumps({"queryStringParameters": {"fail": 1}})
    )
    assert reply["FunctionError"] == "Unhandled"
    assert json.load(reply["Payload"])["errorType"] == "LookupError"


def test_stream_retries_from_the_first_reported_failure(aws: Any, function: Callable[..., str]) -> None:
    stream = Stream(aws, function(CONSUMER), MaximumRetryAttempts=1)
    stream.write({3: "report"})
    letters = stream.dead_letters()
    assert stream.batches(lambda batches: len(batches) == 2) == [list(range(10)), list(range(3, 10))]
    assert [each["requestContext"]["condition"] for each in letters] == ["RetryAttemptsExhausted"]


def test_stream_bisects_down_to_the_poison_and_continues(aws: Any, function: Callable[..., str]) -> None:
    stream = Stream(aws, function(CONSUMER), MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    stream.write({6: "raise"})
    found = stream.batches(lambda batches: any(9 in batch and 6 not in batch for batch in batches))
    assert [6] in found
    delivered = {n for batch in found if 6 not in batch for n in batch}
    assert delivered == set(range(10)) - {6}
    assert len(stream.dead_letters()) == 1


GRANTED = """
import boto3

def handler(event, context):
    boto3.client("dynamodb").list_tables()
"""


def test_function_may_do_what_its_role_allows_and_nothing_else(stack: dict[str, Any], aws: Any) -> None:
    client = aws("lambda")
    layer = client.get_function(FunctionName=deployed(aws, "ServiceGetHealth"))["Configuration"]["Layers"][0]["Arn"]
    create_function(aws, "may-not", GRANTED, Layers=[layer], Timeout=30)
    create_function(aws, "may", GRANTED, Layers=[layer], Timeout=30, actions=["dynamodb:ListTables"])
    assert "FunctionError" not in client.invoke(FunctionName="may")
    refused = json.load(client.invoke(FunctionName="may-not")["Payload"])
    assert refused["errorType"] == "ClientError"
    assert "AccessDenied" in refused["errorMessage"]


def deployed(aws: Any, logical_id: str) -> str:
    """The name of a deployed function."""
    detail = aws("cloudformation").describe_stack_resource(StackName="switchyard", LogicalResourceId=logical_id)
    return detail["StackResourceDetail"]["PhysicalResourceId"]


# Prints the key of each row that went, and who took it.
GONE = """
import json

def handler(event, context):
    removed = [r for r in event["Records"] if r["eventName"] == "REMOVE"]
    gone = [[r["dynamodb"]["Keys"]["pk"]["S"], r["userIdentity"]] for r in removed]
    print(json.dumps(gone))
"""


def test_expired_row_goes_and_the_stream_says_who_took_it(
    stack: dict[str, Any], aws: Any, function: Callable[..., str]
) -> None:
    stream, client = Stream(aws, function(GONE)), aws("dynamodb")
    past, future = {"N": f"{time.time() - 5:.0f}"}, {"N": f"{time.time() + 500:.0f}"}

    def put(pk: str, **ends: Any) -> None:
        client.put_item(TableName=stream.table, Item={"pk": {"S": pk}, **ends})

    put("before", ends=past)
    client.update_time_to_live(
        TableName=stream.table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"}
    )
    expire(stack)
    put("past", ends=past)
    put("future", ends=future)
    put("never")
    put("text", ends={"S": "soon"})
    put("extended", ends=past)
    put("extended", ends=future)
    put("ancient", ends={"N": "1000"})
    expire(stack)
    left = {row["pk"]["S"] for row in client.scan(TableName=stream.table)["Items"]}
    assert left == {"future", "never", "text", "extended", "ancient"}
    aws("lambda").create_event_source_mapping(**stream.mapping)
    service = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert stream.batches(lambda batches: bool(batches)) == [[["before", service], ["past", service]]]


def expire(stack: dict[str, Any]) -> None:
    """Have the emulator take out expired rows now."""
    assert httpx.get(f"{stack['aws']['endpoint_url']}/_switchyard/expire", trust_env=False).status_code == 200
