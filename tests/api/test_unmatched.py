"""$default: a path with a closing slash reaches its endpoint, everything else is refused in its surface's words."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.session import get_session
from botocore.stub import Stubber

from switchyard.aws.clients import adopt
from switchyard.aws.functions import CallFailed, Functions
from switchyard.domain.errors import Busy
from switchyard.domain.ids import new_id
from switchyard.store.table import Table
from switchyard.unmatched import default_route, surfaces
from tests.api.conftest import Caller
from tests.support.http import ROUTES, Answer, Api, Context, all_endpoints, event, route
from tests.support.projects import a_task, a_tenant


def answer(method: str, url: str, call: Any = None, path_headers: Mapping[str, str] | None = None) -> Answer:
    """What $default answers to a request that no route matched."""
    return Answer.of(default_route(ROUTES, call)(event(method, url, {}, path_headers or {}, None), Context()))


class Recorder:
    """Stands for Lambda: keeps what a function was called with."""

    def __init__(self, returned: Mapping[str, Any] | None = None) -> None:
        self.returned = dict(returned or {"statusCode": 200, "headers": {}, "body": "{}"})
        self.calls: list[tuple[str, Any]] = []

    def __call__(self, function: str, given: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append((function, given))
        return self.returned


# ---------------------------------------------------------------- paths with a closing slash


def test_every_route_is_reached_with_a_closing_slash_as_if_it_had_matched() -> None:
    for endpoint in all_endpoints():
        operation = endpoint.operation
        if operation.status == 405:
            continue
        for pattern in operation.paths:
            path = pattern.replace("{", "a-").replace("}", "")
            matched = route(operation.method, path)
            assert matched is not None
            recorder = Recorder()
            sent = event(operation.method, f"{path}/?limit=3&q=a%20b", {}, {"x-one": "1"}, "{}")
            default_route(ROUTES, recorder)({**sent, "routeKey": "$default"}, Context())
            ((_, given),) = recorder.calls
            assert given["routeKey"] == given["requestContext"]["routeKey"] == f"{operation.method} {pattern}"
            assert given.get("pathParameters", {}) == matched[1]
            # The path stays as it was sent: keys of idempotency, links and errors are made of it.
            assert given["rawPath"] == given["requestContext"]["http"]["path"] == f"{path}/"
            kept = ("version", "rawQueryString", "headers", "body", "isBase64Encoded")
            assert {name: given[name] for name in kept} == {name: sent[name] for name in kept}
            assert given["requestContext"]["requestId"] == sent["requestContext"]["requestId"]


@pytest.mark.parametrize(
    "returned",
    [
        {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": "AP8=", "isBase64Encoded": True},
        {"statusCode": 303, "headers": {"location": "https://objects.example/x"}, "body": ""},
        {"statusCode": 200, "headers": {"content-type": "text/event-stream"}, "body": "data: 1\n\n"},
        {"statusCode": 429, "headers": {"retry-after": "1"}, "body": "{}"},
    ],
)
def test_an_answer_is_handed_back_untouched(returned: dict[str, Any]) -> None:
    handler = default_route(ROUTES, Recorder(returned))
    assert handler(event("GET", "/v1/tracks/", {}, {}, None), Context()) == returned


def test_a_write_with_a_closing_slash_is_the_same_request_only_to_itself(api: Api, table: Table, tenant: str) -> None:
    a_tenant(table, tenant, "One")
    url, headers = "/api/projects/1/tasks", {"idempotency-key": new_id()}
    first = api.post(f"{url}/", {"title": "One"}, headers=headers)
    again = api.post(f"{url}/", {"title": "One"}, headers=headers)
    assert (first.status, again.status) == (201, 201)
    assert again.json["id"] == first.json["id"]
    assert again.headers["idempotency-replayed"] == "true"


def test_a_page_with_a_closing_slash_leads_to_one_with_a_closing_slash(api: Api, table: Table, tenant: str) -> None:
    project = a_tenant(table, tenant, "One")[0]
    for _ in range(3):
        a_task(table, project)
    url = "/api/projects/1/tasks"
    with_slash, without = api.get(f"{url}/?limit=2").json["next"], api.get(f"{url}?limit=2").json["next"]
    assert f"{url}/?" in with_slash
    assert f"{url}?" in without
    assert len(api.get(with_slash.partition("api.test")[2]).json["results"]) == 1


@pytest.mark.parametrize("path", ["/v1/tracks//", "/v1//tracks/", "/v1/tracks/x//graph/"])
def test_a_path_with_more_than_one_slash_is_another_path(path: str) -> None:
    recorder = Recorder()
    assert answer("GET", path, recorder).status == 404
    assert recorder.calls == []


# ---------------------------------------------------------------- other methods


def test_head_is_answered_like_get_without_the_body(api: Api) -> None:
    for path in ("/health", "/health/"):
        head = api.request("HEAD", path)
        assert (head.status, head.text, head.headers["content-type"]) == (200, "", "application/json")
    recorder = Recorder({"statusCode": 200, "headers": {}, "body": "AP8=", "isBase64Encoded": True})
    assert answer("HEAD", "/v1/tracks", recorder).content == b""
    ((function, given),) = recorder.calls
    assert (function, given["requestContext"]["http"]["method"]) == ("PlanningListTracks", "GET")


def test_head_where_there_is_no_get_is_refused_without_a_body() -> None:
    refused = answer("HEAD", "/v1/runs/claim")
    assert (refused.status, refused.text, refused.headers["allow"]) == (405, "", "OPTIONS, POST")


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/tracks", "GET, HEAD, OPTIONS, POST"),
        ("/v1/tracks/", "GET, HEAD, OPTIONS, POST"),
        ("/v1/runs/claim", "OPTIONS, POST"),
        ("/mcp", "OPTIONS, POST"),
        ("/api/projects/1/tasks/2", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
    ],
)
def test_options_names_the_methods_of_a_path(path: str, allow: str) -> None:
    told = answer("OPTIONS", path)
    assert (told.status, told.text, told.headers["allow"]) == (204, "", allow)
    # No browser may read an answer of another origin's.
    assert not [name for name in told.headers if name.startswith("access-control")]


def test_options_of_no_path_is_not_found() -> None:
    assert answer("OPTIONS", "/nowhere").status == 404


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("operation", [each.operation for each in all_endpoints()], ids=lambda each: each.name)
def test_another_method_of_a_path_is_refused_in_its_surfaces_words(operation: Any) -> None:
    for pattern in operation.paths:
        path = pattern.replace("{", "a-").replace("}", "")
        for spelled in (path, f"{path}/"):
            refused = answer("TRACE", spelled)
            assert (refused.status, refused.headers["cache-control"]) == (405, "no-store")
            surfaces()[operation.surface.name].error.model_validate_json(refused.text, strict=True)
            named = refused.headers["allow"].split(", ")
            assert (operation.method in named) is (operation.status != 405)
            assert refused.headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "surface", "told"),
    [
        ("/api/projects/1/tasks/2/none", "projects", {"type": "invalid_request", "code": "not_found", "attr": None}),
        ("/api/v1/none", "pool", {"error": True, "statusCode": 404}),
        ("/v1/workspaces/w/none", "objectives", {"code": 5}),
        ("/v1/tracks/a/none", "planning", {"status": 404, "code": "resource_not_found"}),
        ("/none", "service", {"status": 404, "instance": "/none"}),
    ],
)
def test_a_path_that_is_not_there_is_not_found_in_its_surfaces_words(
    path: str, surface: str, told: dict[str, Any]
) -> None:
    for method in ("GET", "POST", "DELETE"):
        refused = answer(method, path)
        assert refused.status == 404
        surfaces()[surface].error.model_validate_json(refused.text, strict=True)
        assert told.items() <= refused.json.items()


def test_every_surface_has_its_words_here() -> None:
    assert surfaces() == {each.operation.surface.name: each.operation.surface for each in all_endpoints()}


def test_a_token_in_a_path_is_not_echoed(caller: Caller) -> None:
    token = caller().token
    assert token is not None
    assert token not in answer("GET", f"/v1/{token}").text


# ---------------------------------------------------------------- Lambda


def lambda_client() -> Any:
    return get_session().create_client(
        "lambda", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def returned(text: str, **more: Any) -> dict[str, Any]:
    content = text.encode()

    class Raw:
        def read(self, *_: Any) -> bytes:
            return content

    return {"StatusCode": 200, "Payload": StreamingBody(Raw(), None), **more}


def test_a_function_is_called_by_its_stage_and_name() -> None:
    client = lambda_client()
    with Stubber(client) as stubber:
        wanted = {"FunctionName": "switchyard-prod_PlanningGetTrack", "Payload": b'{"a": 1}'}
        stubber.add_response("invoke", returned('{"statusCode": 204}'), wanted)
        assert Functions(adopt(client), "prod").call("PlanningGetTrack", {"a": 1}) == {"statusCode": 204}


def test_a_throttled_function_is_busy_in_the_surfaces_words() -> None:
    client = lambda_client()
    with Stubber(client) as stubber:
        stubber.add_client_error("invoke", "TooManyRequestsException", http_status_code=429)
        with pytest.raises(Busy):
            Functions(adopt(client), "prod").call("PlanningGetTrack", {})

    def busy(_function: str, _event: Any) -> Any:
        raise Busy

    refused = answer("GET", "/v1/tracks/", busy)
    assert (refused.status, refused.headers["retry-after"], refused.json["code"]) == (
        503,
        "1",
        "temporarily_unavailable",
    )


def test_a_function_that_fails_fails_the_request_as_it_would_behind_its_own_route() -> None:
    client = lambda_client()
    with Stubber(client) as stubber:
        stubber.add_response("invoke", returned('{"errorType": "KeyError"}', FunctionError="Unhandled"))
        with pytest.raises(CallFailed, match=r"PlanningGetTrack.*KeyError"):
            Functions(adopt(client), "prod").call("PlanningGetTrack", {})

    def failing(_function: str, _event: Any) -> Any:
        raise CallFailed("it raised")

    # API Gateway answers 500 for it, as for the endpoint's own route.
    with pytest.raises(CallFailed):
        answer("GET", "/v1/tracks/", failing)


def test_what_goes_to_lambda_is_json(api: Api, table: Table, tenant: str) -> None:
    project = a_tenant(table, tenant, "One")[0]
    task = a_task(table, project, title="Grüße ✓")
    found = api.get(f"/api/projects/1/tasks/{task.id}/")
    assert json.loads(found.text)["title"] == "Grüße ✓"
