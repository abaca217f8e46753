"""The data plane of the deployed HTTP API at the root of its own port, as API Gateway's $default stage has it.

A route's function is called by the role of its integration, which has to allow it. OPTIONS is a method like others;
what a CORS configuration adds is in cors.py.
"""

import asyncio
import base64
import json
import secrets
from functools import lru_cache
from urllib.parse import parse_qs

from ministack.core import iam_evaluator
from ministack.core.responses import request_scope
from ministack.services import apigateway, iam

from local.emulator import alarms, cors

SERVICE = "apigateway.amazonaws.com"
JSON = {"Content-Type": "application/json"}

# Limits of API Gateway that MiniStack does not have.
BODY_LIMIT = 10 * 1024 * 1024
TIMEOUT_SECONDS = 30


async def app(scope, receive, send):
    """One request of a client, ASGI."""
    body = await read_body(receive)
    if body is None:
        await reply(send, 413, dict(JSON), b'{"message":"Request Entity Too Large"}')
        return
    api = deployed_api()
    if api is None:
        await reply(send, 503, dict(JSON), b'{"message":"No API is deployed yet"}')
        return
    query = scope["query_string"].decode("latin-1")
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            status, headers, content = await execute(api, scope, body, query)
    except TimeoutError:
        status, headers, content = 503, dict(JSON), b'{"message":"Service Unavailable"}'
    if status == 502 and is_function_error(content):
        status, content = 500, b'{"message":"Internal Server Error"}'
    alarms.count_request(api, status)
    headers = cors.with_cors(cors_configuration(api), scope["method"], request_headers(scope), headers)
    headers["apigw-requestid"] = base64.b64encode(secrets.token_bytes(11)).decode()
    await reply(send, status, headers, content)


def deployed_api() -> tuple[str, str, str] | None:
    """Account, region and id of the HTTP API; the template has one."""
    for key, api in apigateway._apis.all_items():
        if api["protocolType"] == "HTTP":
            return key
    return None


def cors_configuration(api: tuple[str, str, str]) -> dict:
    """The API's CORS configuration, empty when it has none."""
    found = apigateway._apis.get_scoped(*api)
    return (found or {}).get("corsConfiguration") or {}


async def execute(api: tuple[str, str, str], scope, body: bytes, query: str) -> tuple[int, dict, bytes]:
    """Call the function behind the route of a request: status, headers and content of its answer."""
    account, region, api_id = api
    path = apigateway.decode_http_api_path(scope["raw_path"].decode("latin-1"))
    # AWS selects the route of a path with more slashes at its head as if there were one.
    routed = "/" + path.lstrip("/")
    with request_scope(account, region):
        route = apigateway._match_route(api_id, scope["method"], routed)
        if route is None and cors.is_preflight(scope["method"], request_headers(scope)) and cors_configuration(api):
            return 204, {}, b""
        if route is None:
            return 404, dict(JSON), b'{"message":"Not Found"}'
        integration = apigateway._integrations[api_id][route["target"].removeprefix("integrations/")]
        role, function = (
            integration.get("credentialsArn"),
            apigateway._extract_lambda_ref_from_integration_uri(integration["integrationUri"]),
        )
        if role and not may_call(role, function, account, region):
            return 500, dict(JSON), b'{"message":"Internal Server Error"}'
        key = route["routeKey"]
        parameters = apigateway._extract_path_params(key.partition(" ")[2], routed) if key != "$default" else None
        return await apigateway._invoke_lambda_proxy(
            integration,
            api_id,
            "$default",
            path,
            scope["method"],
            request_headers(scope),
            body,
            parse_qs(query, keep_blank_values=True),
            key,
            parameters or None,
            owner_account_id=account,
            owner_region=region,
            raw_query_string=query,
        )


def may_call(role_arn: str, function_arn: str, account: str, region: str) -> bool:
    """Whether API Gateway may take the role, and the role call the function."""
    role = iam._roles.get_scoped(account, None, role_arn.rpartition("/")[2])
    if role is None:
        return False
    policies = tuple(role["InlinePolicies"].values())
    return is_allowed(role["AssumeRolePolicyDocument"], policies, role_arn, function_arn, account, region)


@lru_cache(maxsize=4096)
def is_allowed(
    trust: str, policies: tuple[str, ...], role_arn: str, function_arn: str, account: str, region: str
) -> bool:
    """The same of the role's documents, which are text."""
    trusted = any(
        statement["Effect"] == "Allow" and iam_evaluator._service_principal_matches(statement["Principal"], SERVICE)
        for statement in json.loads(trust)["Statement"]
    )
    request = iam_evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action="lambda:InvokeFunction",
        resource_arn=function_arn,
        region=region,
    )
    parsed = [iam_evaluator.parse_policy_document(document) for document in policies]
    return trusted and iam_evaluator.evaluate(request, parsed).decision == "Allow"


async def read_body(receive) -> bytes | None:
    """The whole request body, or None when it is larger than API Gateway takes."""
    chunks, size = [], 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= BODY_LIMIT:
            chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks) if size <= BODY_LIMIT else None


def request_headers(scope) -> dict[str, str]:
    """The headers as API Gateway passes them on: lower case, repeated ones joined, its own added."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in headers:
            headers[name] += ("; " if name == "cookie" else ",") + value
        else:
            headers[name] = value
    headers.setdefault("x-forwarded-for", scope["client"][0])
    headers.setdefault("x-forwarded-port", str(scope["server"][1]))
    headers.setdefault("x-forwarded-proto", "http")
    return headers


def is_function_error(content: bytes) -> bool:
    """Whether a body is what a failed invocation left behind, which API Gateway never shows to a client."""
    try:
        return "errorType" in json.loads(content)
    except (ValueError, TypeError):
        return False


async def reply(send, status: int, headers: dict, content: bytes) -> None:
    """Send one response; a list as a header's value is sent as that many headers."""
    pairs = [
        (name.lower().encode("latin-1"), str(value).encode("utf-8"))
        for name, values in headers.items()
        for value in (values if isinstance(values, list) else [values])
        if name.lower() != "content-length"
    ]
    pairs.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": content})
