"""Calls handlers as API Gateway would: an HTTP request in, an HTTP answer out."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from switchyard.catalogue import ROOT, Endpoint, endpoints
from switchyard.http.operation import Operation, function_of
from switchyard.unmatched import default_route
from tests.support import openapi

ROUTES = ROOT / "functions/service/answer_unmatched/routes.json"


@cache
def all_endpoints() -> list[Endpoint]:
    return endpoints()


@cache
def by_function() -> dict[str, Endpoint]:
    """Every endpoint by the logical id of its function."""
    return {function_of(each.operation.name): each for each in all_endpoints()}


class Context:
    """What a handler reads of the Lambda context."""

    function_name = "test"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:test"
    aws_request_id = "test"

    def __init__(self, milliseconds: int = 9_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str
    cookies: tuple[str, ...] = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Answer":
        """Return what API Gateway makes of a handler's answer."""
        body = raw.get("body", "")
        if raw.get("isBase64Encoded"):
            body = base64.b64decode(body, validate=True).decode("utf-8", "surrogateescape")
        return cls(raw["statusCode"], raw["headers"], body, tuple(raw.get("cookies", ())))

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def content(self) -> bytes:
        return self.text.encode("utf-8", "surrogateescape")


def decoded_path(path: str) -> str:
    """Decode a path as an HTTP API does: all escapes but that of the percent sign."""
    return "%25".join(unquote(part) for part in path.split("%25"))


def event(
    method: str,
    url: str,
    path_parameters: Mapping[str, str],
    headers: Mapping[str, str],
    body: str | bytes | None,
) -> dict[str, Any]:
    """Return the payload 2.0 event of a request; bytes arrive as base64."""
    path, _, query = url.partition("?")
    return {
        "version": "2.0",
        "rawPath": decoded_path(path),
        "rawQueryString": query,
        "headers": {name.lower(): value for name, value in headers.items()},
        "pathParameters": dict(path_parameters),
        "requestContext": {
            "requestId": uuid4().hex,
            "domainName": "api.test",
            "stage": "$default",
            "http": {"method": method, "path": unquote(path), "sourceIp": "192.0.2.1", "userAgent": "test"},
        },
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": isinstance(body, bytes),
    }


def check_promise(operation: Operation, answer: Answer) -> None:
    """Hold an answer to what docs/openapi.json and the operation's own models say: status, body and headers."""
    assert answer.headers["x-request-id"]
    content_type = answer.headers.get("content-type", "")
    openapi.check(operation.method, operation.paths[0], answer.status, content_type, answer.text)
    if answer.status == 304:
        assert (operation.method, answer.text) == ("GET", "")
        assert answer.headers["etag"]
        return
    if operation.empty and answer.status == operation.empty:
        assert answer.text == ""
        assert ("location" in answer.headers) is (answer.status == 303)
        return
    if answer.status >= 300:
        if operation.surface.error:
            operation.surface.error.model_validate_json(answer.text, strict=True)
        return
    assert answer.status == operation.status
    if operation.media:
        assert operation.media in ("*/*", answer.headers["content-type"].partition(";")[0])
        return
    if operation.reply is None:
        assert answer.text == ""
        return
    assert answer.headers["content-type"] == "application/json"
    operation.reply.model_validate_json(answer.text, strict=True)
    assert ("etag" in answer.headers) is (operation.versioned or operation.method == "GET")


class Api:
    """A client of the whole API in one process, holding one token."""

    def __init__(self, token: str | None, milliseconds: int = 9_000) -> None:
        self.token = token
        self.context = Context(milliseconds)

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        text: str | None = None,
    ) -> Answer:
        """Send a request; `body` goes as JSON, `text` as it is."""
        sent = {"content-type": "application/json"} if body is not None or text is not None else {}
        if self.token:
            sent["authorization"] = f"Bearer {self.token}"
        payload = text if text is not None else None if body is None else json.dumps(body)
        return self.answer(method, url, {**sent, **(headers or {})}, payload)

    def answer(self, method: str, url: str, headers: Mapping[str, str], payload: str | bytes | None) -> Answer:
        """Answer a request that has these headers and no others."""
        found = route(method, url.partition("?")[0])
        made = event(method, url, found[1] if found else {}, headers, payload)
        if found:
            return self.run(found[0], made)
        reached: list[Endpoint] = []

        def call(function: str, passed_on: Mapping[str, Any]) -> dict[str, Any]:
            """Do what Lambda does when $default calls a function: JSON in, JSON out, a context of its own."""
            reached.append(by_function()[function])
            raw = reached[0].handler(json.loads(json.dumps(passed_on)), self.context)
            return dict(json.loads(json.dumps(raw)))

        answer = Answer.of(default_route(ROUTES, call)(made, self.context))
        if reached and method != "HEAD":
            check_promise(reached[0].operation, answer)
        return answer

    def run(self, endpoint: Endpoint, made: Mapping[str, Any]) -> Answer:
        """Run an event through an endpoint and hold the answer to what the endpoint promises."""
        answer = Answer.of(endpoint.handler(made, self.context))
        check_promise(endpoint.operation, answer)
        return answer

    def get(self, url: str, **more: Any) -> Answer:
        return self.request("GET", url, **more)

    def post(self, url: str, body: Any = None, **more: Any) -> Answer:
        return self.request("POST", url, body, **more)

    def patch(self, url: str, body: Any = None, **more: Any) -> Answer:
        return self.request("PATCH", url, body, **more)

    def put(self, url: str, body: Any = None, **more: Any) -> Answer:
        return self.request("PUT", url, body, **more)

    def delete(self, url: str, **more: Any) -> Answer:
        return self.request("DELETE", url, **more)


def route(method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """Find the endpoint of a path: literal segments win over parameters, as in API Gateway; None is $default's."""
    matches = []
    for endpoint in all_endpoints():
        if endpoint.operation.method != method:
            continue
        for pattern in endpoint.operation.paths:
            expression = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(pattern))
            found = re.fullmatch(expression, path)
            if found:
                parameters = {name: decoded_path(value) for name, value in found.groupdict().items()}
                matches.append((len(parameters), endpoint, parameters))
    if not matches:
        return None
    _, endpoint, parameters = min(matches, key=lambda match: match[0])
    return endpoint, parameters
