"""From a handler's reply to what goes out."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from switchyard.domain.json_text import pieces
from switchyard.domain.structs import Struct, replace
from switchyard.http.call import Reply
from switchyard.http.request import Request

_FOUND, _NOT_MODIFIED = 200, 304


class Answer(Struct):
    """What a client gets: status, headers and body text, which is base64 when the body is `binary`.

    `replayed` says that it was given before, under a key; `logged` is added to the request's log line; `cookies` are
    values of Set-Cookie.
    """

    status: int
    headers: Mapping[str, str]
    body: str
    replayed: bool = False
    binary: bool = False
    logged: Mapping[str, Any] = {}
    cookies: tuple[str, ...] = ()


def encoded(reply: Reply) -> Answer:
    """Return a reply as the client gets it."""
    if reply.body is None:
        return Answer(reply.status, reply.headers, "", logged=reply.logged, cookies=reply.cookies)
    if isinstance(reply.body, bytes):
        text = base64.b64encode(reply.body).decode()
        return Answer(reply.status, reply.headers, text, binary=True, logged=reply.logged, cookies=reply.cookies)
    headers = {"content-type": "application/json", **reply.headers}
    return Answer(reply.status, headers, as_json(reply.body), logged=reply.logged, cookies=reply.cookies)


def unless_known(answer: Answer, request: Request) -> Answer:
    """Return a successful answer to a GET with its ETag, or 304 without a body when the client has it already.

    The tag is a hash of the body (RFC 9110 §13.1.2). What is read from the table is the same; the body is not sent
    again to a client that polls. A track's own tag is its version: that guards changes, and says nothing of what moves
    without one (claims, counts), so that a track is always sent.
    """
    if answer.status != _FOUND or not answer.body or "etag" in answer.headers:
        return answer
    tag = f'"{hashlib.sha256(answer.body.encode()).hexdigest()[:24]}"'
    headers = {**answer.headers, "etag": tag}
    if tag not in request.tags("if-none-match"):
        return replace(answer, headers=headers)
    kept = {name: value for name, value in headers.items() if name != "content-type"}
    return replace(answer, status=_NOT_MODIFIED, headers=kept, body="")


_pieces = pieces(infinite=False)


def as_json(value: Any) -> str:
    """Return a JSON value as text without spaces; raises ValueError for infinite numbers."""
    return "".join(_pieces(value, 0))
