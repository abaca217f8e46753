"""The data plane of the deployed HTTP API at the root of its own port, as API Gateway's $default stage has it."""

import asyncio
import base64
import json
import secrets
from urllib.parse import parse_qs

from ministack.services import apigateway

# Limits of API Gateway that MiniStack does not have.
BODY_LIMIT = 10 * 1024 * 1024
TIMEOUT_SECONDS = 30


async def app(scope, receive, send):
    """One request of a client, ASGI."""
    body = await read_body(receive)
    if body is None:
        await reply(send, 413, {"Content-Type": "application/json"}, b'{"message":"Request Entity Too Large"}')
        return
    api_id = deployed_api()
    if api_id is None:
        await reply(send, 503, {"Content-Type": "application/json"}, b'{"message":"No API is deployed yet"}')
        return
    query = scope["query_string"].decode("latin-1")
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            status, headers, content = await apigateway.handle_execute(
                api_id,
                "$default",
                apigateway.decode_http_api_path(scope["raw_path"].decode("latin-1")),
                scope["method"],
                request_headers(scope),
                body,
                parse_qs(query, keep_blank_values=True),
                raw_query_string=query,
            )
    except TimeoutError:
        status, headers, content = 503, {"Content-Type": "application/json"}, b'{"message":"Service Unavailable"}'
    if status == 502 and is_function_error(content):
        status, content = 500, b'{"message":"Internal Server Error"}'
    headers["apigw-requestid"] = base64.b64encode(secrets.token_bytes(11)).decode()
    await reply(send, status, headers, content)


def deployed_api() -> str | None:
    """The id of the HTTP API; the template has one."""
    for (_account, _region, api_id), api in apigateway._apis.all_items():
        if api["protocolType"] == "HTTP":
            return api_id
    return None


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
    """The headers as API Gateway hands them on: lower case, repeated ones joined, its own added."""
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
