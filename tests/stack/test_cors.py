"""Pages of other origins: those that the operator named may call every route, others learn nothing."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.deploy import PAGES
from tests.support.http import all_endpoints

EVIL = "https://evil.example"
PATHS = sorted({path for each in all_endpoints() for path in each.operation.paths})


@pytest.fixture(scope="module")
def http(stack: dict[str, Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack["url"], timeout=30, trust_env=False) as client:
        yield client


def cors(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def preflight(http: httpx.Client, path: str, method: str, origin: str) -> httpx.Response:
    asked = {"access-control-request-method": method, "access-control-request-headers": "authorization,if-match"}
    return http.options(path, headers={"origin": origin, **asked})


@pytest.mark.parametrize("path", ["/v1/tracks", "/v1/tracks/1", "/api/projects/1/tasks/", "/mcp", "/health"])
def test_a_page_of_an_allowed_origin_may_ask_and_call(http: httpx.Client, path: str) -> None:
    asked = preflight(http, path, "POST", PAGES)
    assert asked.status_code == 204, asked.text
    told = cors(asked)
    assert told["access-control-allow-origin"] == PAGES
    assert {"POST", "PATCH", "DELETE"} <= set(told["access-control-allow-methods"].split(","))
    assert {"authorization", "if-match", "idempotency-key"} <= set(told["access-control-allow-headers"].split(","))
    assert "access-control-allow-credentials" not in told
    for answer in (http.get(path, headers={"origin": PAGES}), http.post(path, headers={"origin": PAGES})):
        assert cors(answer)["access-control-allow-origin"] == PAGES, answer.status_code
        assert "etag" in cors(answer)["access-control-expose-headers"].split(",")


@pytest.mark.parametrize("origin", [EVIL, "null", f"{PAGES}.evil.example", PAGES.replace("http:", "https:")])
def test_a_page_of_another_origin_gets_no_header(http: httpx.Client, origin: str) -> None:
    for path in ("/v1/tracks", "/mcp", "/nowhere", "/health"):
        assert cors(preflight(http, path, "POST", origin)) == {}
        assert cors(http.get(path, headers={"origin": origin})) == {}


def test_every_route_answers_a_preflight(http: httpx.Client) -> None:
    for path in PATHS:
        assert preflight(http, path.replace("{", "").replace("}", ""), "GET", PAGES).status_code == 204, path


def test_mcp_takes_calls_of_the_same_pages(http: httpx.Client, stack: dict[str, Any]) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    sent = {"authorization": f"Bearer {stack['tokens']['admin']}", "host": "api.example.com"}
    assert http.post("/mcp", json=message, headers={**sent, "origin": PAGES}).status_code == 200
    assert http.post("/mcp", json=message, headers={**sent, "origin": EVIL}).status_code == 403


def test_without_an_origin_nothing_is_said_of_it(http: httpx.Client) -> None:
    assert cors(http.get("/health")) == {}
