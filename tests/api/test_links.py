"""Links in answers begin with the name by which a client called: the stack's own (parameter DomainName), or AWS's."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from switchyard.aws.objects import ObjectStore
from switchyard.store.table import Table
from tests.api.conftest import Caller
from tests.support.http import Answer
from tests.support.samples import build, replay, sample
from tests.support.template import template

#: The name that the sample events call, and that of a stack which has one of its own.
AWS, OWN = "https://switchyard.example", "https://api.example.com"


def _one_a_page(event: dict[str, Any]) -> None:
    event["rawQueryString"] = "limit=1"


def _fetch(event: dict[str, Any]) -> None:
    found = {"name": "fetch", "arguments": {"id": "01981f5c-7a00-7000-8000-00000000000b"}}
    event["rawPath"] = "/mcp/search"
    event["body"] = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": found})


def _as_it_is(_: dict[str, Any]) -> None:
    pass


#: Of each surface that gives links, an endpoint, and how its sample event is to be changed to be given one.
GIVEN: list[tuple[str, Callable[[dict[str, Any]], None], Callable[[Answer], str]]] = [
    ("planning.create_feed", _as_it_is, lambda answer: answer.json["url"]),
    ("pool.list_tasks", _one_a_page, lambda answer: answer.headers["link"].removeprefix("<")),
    ("projects.list_runs", _one_a_page, lambda answer: answer.json["next"]),
    ("projects.get_run", _as_it_is, lambda answer: answer.json["log_url"]),
    ("runs.claim", _as_it_is, lambda answer: answer.json["url"]),
    ("mcp.get_resource_metadata", _as_it_is, lambda answer: answer.json["resource"]),
    ("mcp.post_message", _fetch, lambda answer: answer.json["result"]["structuredContent"]["url"]),
    ("oauth.get_metadata", _as_it_is, lambda answer: answer.json["issuer"]),
]


@pytest.mark.parametrize("name", [OWN, AWS])
@pytest.mark.parametrize(("operation", "change", "link"), GIVEN, ids=[each[0] for each in GIVEN])
def test_links_begin_with_the_name_that_the_client_called(
    operation: str,
    change: Callable[[dict[str, Any]], None],
    link: Callable[[Answer], str],
    name: str,
    table: Table,
    bucket: ObjectStore,
    tenant: str,
    caller: Caller,
) -> None:
    build(operation, table, bucket, tenant)
    event = sample(operation, caller().token, tenant)
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    event["headers"]["host"] = event["requestContext"]["domainName"] = name.removeprefix("https://")
    change(event)
    answer = replay(operation, event)
    assert f"{link(answer)}/".startswith(f"{name}/"), answer.text
    other = AWS if name == OWN else OWN
    assert other not in answer.text + json.dumps(dict(answer.headers))


def test_the_stacks_address_is_the_name_that_it_was_given() -> None:
    own, of_aws = template()["Outputs"]["ApiUrl"]["Value"]["If"][1:]
    assert own == {"Sub": "https://${DomainName}"}
    assert "${Api}.execute-api." in of_aws["Sub"]
    domain = template()["Resources"]["Domain"]
    assert (domain["Condition"], domain["Properties"]["DomainName"]) == ("HasDomain", {"Ref": "DomainName"})
