"""From a handler's reply to what goes out."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from switchyard.http.call import Reply


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client gets: status, headers and body text, which is base64 when the body is `binary`.

    `replayed` says that it was given before, under a key; `logged` is added to the request's log line.
    """

    status: int
    headers: Mapping[str, str]
    body: str
    replayed: bool = False
    binary: bool = False
    logged: Mapping[str, Any] = field(default_factory=dict)


def encoded(reply: Reply) -> Answer:
    """Return a reply as the client gets it."""
    if reply.body is None:
        return Answer(reply.status, reply.headers, "", logged=reply.logged)
    if isinstance(reply.body, bytes):
        text = base64.b64encode(reply.body).decode()
        return Answer(reply.status, reply.headers, text, binary=True, logged=reply.logged)
    headers = {"content-type": "application/json", **reply.headers}
    return Answer(reply.status, headers, as_json(reply.body), logged=reply.logged)


#: Made once: json.dumps makes an encoder for each call.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def as_json(value: Any) -> str:
    """Return a JSON value as text without spaces; raises ValueError for infinite numbers."""
    return _encode(value)
