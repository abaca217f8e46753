"""JSON-RPC and the two generations of MCP: what a message is, and which one is refused how.

Revisions up to 2025-11-25 begin with `initialize`; it is answered without keeping anything. From 2026-07-28 on each
request describes itself: `_meta` carries the revision and the client's capabilities, headers repeat what intermediaries
route by, and they must agree with the body.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from switchyard.domain.errors import Invalid
from switchyard.domain.structs import Struct
from switchyard.http.request import Request

#: Revisions that begin with `initialize`, oldest first, and those whose requests are self-contained.
HANDSHAKE = ("2025-03-26", "2025-06-18", "2025-11-25")
STATELESS = ("2026-07-28",)
SERVED = (*HANDSHAKE, *STATELESS)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
#: Ours: what HTTP refuses before there is a message (token, scope, origin, size).
REFUSED = -32000
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022

_VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
ID_MAX = 255


class ProtocolError(Exception):
    """A message that cannot be served. `status` is the HTTP status of the answer."""

    def __init__(self, code: int, message: str, status: int = 400, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.data = data


class Message(Struct):
    """One JSON-RPC message of a client. `id` is None for a notification, `method` for an answer to the server."""

    id: str | int | None
    method: str | None
    params: Mapping[str, Any]
    stateless: bool


def read(request: Request) -> Message:
    """Return the message of a request; raises ProtocolError for what is none.

    Raises WrongContentType and TooLarge as every endpoint does.
    """
    # Imported here: the endpoints that only refuse do not need it.
    from switchyard.http.core import from_json
    from switchyard.http.parsing import refuse_repeated

    raw = request.json_body()
    try:
        body = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise ProtocolError(PARSE_ERROR, f"The body is not valid JSON: {error}") from None
    try:
        refuse_repeated(raw)
    except Invalid as error:
        raise ProtocolError(INVALID_REQUEST, f"An object names a field twice: {error.fields[0].field}.") from None
    if isinstance(body, list):
        raise ProtocolError(INVALID_REQUEST, "Batches are not served: send one message a request.")
    if not isinstance(body, dict) or body.get("jsonrpc") != "2.0":
        raise ProtocolError(INVALID_REQUEST, 'The body is not a JSON-RPC message: an object with "jsonrpc": "2.0".')
    given = body.get("id")
    if "id" in body and (isinstance(given, bool) or not isinstance(given, (str, int)) or len(str(given)) > ID_MAX):
        raise ProtocolError(INVALID_REQUEST, f"id must be a string or an integer of at most {ID_MAX} characters.")
    method = body.get("method")
    if method is None and ("result" in body or "error" in body):
        return Message(None, None, {}, False)
    if not isinstance(method, str):
        raise ProtocolError(INVALID_REQUEST, "method must be a string.")
    params = body.get("params")
    params = {} if params is None else params
    if not isinstance(params, dict):
        raise ProtocolError(INVALID_REQUEST, "params must be an object.")
    return Message(given, method, params, _is_stateless(request, params))


def _is_stateless(request: Request, params: Mapping[str, Any]) -> bool:
    meta = params.get("_meta")
    return request.headers.get("mcp-protocol-version") in STATELESS or (isinstance(meta, dict) and _VERSION_KEY in meta)


def check(message: Message, request: Request) -> None:
    """Raise ProtocolError when the revision is not served, or when headers and body disagree."""
    version = request.headers.get("mcp-protocol-version")
    if not message.stateless:
        if version is not None and version not in HANDSHAKE:
            raise _unsupported(version)
    elif message.id is not None:
        _check_envelope(message, request.headers)


def _check_envelope(message: Message, headers: Mapping[str, str]) -> None:
    meta = message.params.get("_meta")
    for key in (_VERSION_KEY, _CAPABILITIES_KEY):
        if not isinstance(meta, dict) or key not in meta:
            raise ProtocolError(INVALID_PARAMS, f"params._meta must have {key}.")
    version = meta[_VERSION_KEY] if isinstance(meta, dict) else None
    expected = {"mcp-protocol-version": version, "mcp-method": message.method}
    if message.method == "tools/call":
        expected["mcp-name"] = message.params.get("name")
    for name, value in expected.items():
        if value is not None and _decoded(headers.get(name)) != value:
            raise ProtocolError(HEADER_MISMATCH, f"The header {name} is missing or differs from the body.")
    if version not in STATELESS:
        raise _unsupported(version)


def _decoded(header: str | None) -> str | None:
    """Return a header's value; `=?base64?…?=` carries what a header cannot hold. None when that is damaged."""
    header = header.strip() if header is not None else None
    if header is None or not (header.startswith("=?base64?") and header.endswith("?=")):
        return header
    try:
        return base64.b64decode(header[9:-2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _unsupported(requested: Any) -> ProtocolError:
    data = {"supported": list(SERVED), "requested": requested}
    return ProtocolError(UNSUPPORTED_VERSION, "This revision of the protocol is not served.", data=data)


def error_body(message_id: str | int | None, code: int, text: str, data: Any = None) -> dict[str, Any]:
    """Return the JSON-RPC answer with an error."""
    error: dict[str, Any] = {"code": code, "message": text}
    if data is not None:
        error["data"] = data
    return {"jsonrpc": "2.0", "id": message_id, "error": error}
