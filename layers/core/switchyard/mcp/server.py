"""One posted message, answered: nothing is kept between two of them but what the tools write."""

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from switchyard import __version__
from switchyard.domain.actors import Actor
from switchyard.domain.errors import MissingScope, SwitchyardError
from switchyard.domain.structs import replace
from switchyard.http import refusals
from switchyard.http.answers import Answer
from switchyard.http.call import Caller, Input, Reply
from switchyard.http.core import from_json
from switchyard.http.idempotency_keys import canonical, key_use
from switchyard.http.parsing import parse_values
from switchyard.http.perform import perform
from switchyard.mcp import protocol
from switchyard.mcp.arguments import tidied, without_empty
from switchyard.mcp.protocol import Message, ProtocolError
from switchyard.mcp.surface import SEARCH_PATH
from switchyard.mcp.tools import TOOLS, Tool
from switchyard.surfaces.followups.surface import FOLLOWUPS

Json = dict[str, Any]

#: Browser pages that may call: origins separated by commas. Default: none.
ALLOWED_ORIGINS = frozenset(filter(None, os.environ.get("ALLOWED_ORIGINS", "").replace(" ", "").split(",")))

_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
_SERVER_INFO = {"name": "switchyard", "version": __version__}
_INSTRUCTIONS = "One ledger of work for agents and people. Send idempotency_key with each write to make retries safe."
#: Tools of the document's example workflow that belong to modules which are not here, and what to do instead.
_INSTEAD = {
    "search_contacts": "Contacts are not kept here: name one to create_task by related_resource_type and _id.",
    "log_activity": "Nothing needs to be logged: the audit trail has each change. Say more in the description.",
}
#: Milliseconds that a client may keep the tool list: it changes with a deployment only.
_LIST_TTL = 300_000


def post_message(caller: Caller) -> Reply:
    """Answer the message of a request: 200 with its result, 202 for a notification, else a JSON-RPC error."""
    message = None
    try:
        _refuse_origin(caller.request.headers)
        message = protocol.read(caller.request)
        protocol.check(message, caller.request)
        if message.id is None:
            return Reply(202, logged={"method": message.method})
        return _answer(message, caller)
    except ProtocolError as error:
        body = protocol.error_body(message.id if message else None, error.code, str(error), error.data)
        return Reply(error.status, body, logged={"error": error.code, "detail": str(error)[:500]})


def _refuse_origin(headers: Mapping[str, str]) -> None:
    """A browser says which page calls: only pages that the operator named may, whoever is signed in.

    On a developer's own machine, where this server is called by a loopback name, its pages may call too.
    """
    origin = headers.get("origin")
    if origin is None or origin in ALLOWED_ORIGINS:
        return
    if _LOOPBACK.fullmatch(headers.get("host", "")) and _LOOPBACK.fullmatch(origin.partition("://")[2]):
        return
    raise ProtocolError(protocol.REFUSED, "Pages of this origin may not call this server.", 403)


def _answer(message: Message, caller: Caller) -> Reply:
    methods = _STATELESS if message.stateless else _HANDSHAKE
    serve = methods.get(message.method or "")
    if serve is None:
        status = 404 if message.stateless else 200
        raise ProtocolError(protocol.METHOD_NOT_FOUND, f"There is no method {str(message.method)[:80]}.", status)
    result, logged = serve(message, caller)
    if message.stateless:
        result = {"resultType": "complete", **result, "_meta": {"io.modelcontextprotocol/serverInfo": _SERVER_INFO}}
    body = {"jsonrpc": "2.0", "id": message.id, "result": result}
    return Reply(200, body, logged={"method": message.method, **logged})


# ---------------------------------------------------------------- methods


def _initialize(message: Message, _caller: Caller) -> tuple[Json, Json]:
    wanted = message.params.get("protocolVersion")
    return {
        "protocolVersion": wanted if wanted in protocol.HANDSHAKE else protocol.HANDSHAKE[-1],
        "capabilities": {"tools": {}},
        "serverInfo": _SERVER_INFO,
        "instructions": _INSTRUCTIONS,
    }, {}


def _discover(_message: Message, _caller: Caller) -> tuple[Json, Json]:
    return {
        "supportedVersions": list(protocol.SERVED),
        "capabilities": {"tools": {}},
        "instructions": _INSTRUCTIONS,
        "ttlMs": _LIST_TTL,
        "cacheScope": "public",
    }, {}


def _ping(_message: Message, _caller: Caller) -> tuple[Json, Json]:
    return {}, {}


def _list_tools(message: Message, caller: Caller) -> tuple[Json, Json]:
    if message.params.get("cursor") is not None:
        raise _bad_params(message, "The cursor is damaged: all tools are on one page.")
    cached = {"ttlMs": _LIST_TTL, "cacheScope": "public"} if message.stateless else {}
    return {"tools": _listed(_is_search(caller)), **cached}, {}


def _is_search(caller: Caller) -> bool:
    """Tell whether the caller asks at the path of the tools that only search."""
    return caller.request.path.rstrip("/") == SEARCH_PATH


def _tools(search: bool) -> Mapping[str, Tool[Any]]:
    if not search:
        return TOOLS
    # Imported here: few clients ask there.
    from switchyard.mcp.connector import SEARCH_TOOLS

    return SEARCH_TOOLS


@cache
def _listed(search: bool) -> list[Json]:
    return from_json(Path(__file__).with_name("search_tools.json" if search else "tools.json").read_bytes())


@cache
def _input_schemas(search: bool) -> dict[str, Json]:
    return {tool["name"]: tool["inputSchema"] for tool in _listed(search)}


def _call_tool(message: Message, caller: Caller) -> tuple[Json, Json]:
    name, given = message.params.get("name"), message.params.get("arguments")
    search = _is_search(caller)
    tool = _tools(search).get(name) if isinstance(name, str) else None
    if isinstance(name, str) and tool is None:
        instead = _INSTEAD.get(name) or f"The tools are {', '.join(_tools(search))}."
        raise _bad_params(message, f"There is no tool {name[:80]!r}. {instead}")
    schema = _input_schemas(search)[tool.name] if tool else {}
    arguments = tidied({} if given is None else given, schema)
    if tool is None or not isinstance(arguments, dict):
        raise _bad_params(message, "name must be a string and arguments an object.")
    if tool.annotations["readOnlyHint"]:
        arguments = without_empty(arguments, schema)
    try:
        answer = _run(tool, arguments, caller)
    except SwitchyardError as error:
        _, _, text = FOLLOWUPS.refuse(error, caller.request)
        return _refused(text), {"tool": name, "error": error.code, "detail": error.detail[:500]}
    replayed = {"replayed": True} if answer.replayed else {}
    if answer.status >= 400:
        return _refused(answer.body), {"tool": name, **replayed}
    content = [{"type": "text", "text": answer.body}]
    return {"content": content, "structuredContent": from_json(answer.body)}, {"tool": name, **replayed}


def _run(tool: Tool[Any], arguments: Json, caller: Caller) -> Answer:
    """Check scope and arguments, and let the tool work in a unit of its own; raises SwitchyardErrors.

    The key of its answer is an argument: a request that is sent again may have another id.
    """
    operation = f"mcp.{tool.name}"
    actor = replace(caller.actor, operation=operation)
    try:
        return _perform(tool, arguments, caller, actor, operation)
    except SwitchyardError as refusal:
        named, wanted = tool.about(arguments), tool.wants(arguments)
        refusals.record(caller.table, actor, caller.request.id, named, wanted, refusal)
        raise


def _perform(tool: Tool[Any], arguments: Json, caller: Caller, actor: Actor, operation: str) -> Answer:
    if not actor.may(tool.scope):
        raise MissingScope(tool.scope)
    body = parse_values(tool.input, arguments, "arguments")
    named = getattr(body, "idempotency_key", None)
    key = key_use(actor, named, operation, canonical(arguments, "idempotency_key")) if named else None
    given = Input(caller.request, actor, body, None)
    return perform(tool.run, given, table=caller.table, surface=FOLLOWUPS, key=key)


def _refused(text: str) -> Json:
    """A tool's error is a result that the model reads; structuredContent would have to fit the tool's schema."""
    return {"content": [{"type": "text", "text": text}], "isError": True}


def _bad_params(message: Message, text: str) -> ProtocolError:
    return ProtocolError(protocol.INVALID_PARAMS, text, 400 if message.stateless else 200)


_SHARED = {"tools/list": _list_tools, "tools/call": _call_tool}
_HANDSHAKE: Mapping[str, Any] = {"initialize": _initialize, "ping": _ping, **_SHARED}
_STATELESS: Mapping[str, Any] = {"server/discover": _discover, **_SHARED}
