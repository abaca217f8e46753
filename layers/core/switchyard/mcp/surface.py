"""The MCP server as the composition knows it: what HTTP refuses, and where a client learns how to authenticate."""

from typing import Annotated, Any, Literal

from switchyard.domain.actors import SCOPES
from switchyard.domain.errors import MissingScope
from switchyard.http.call import Reply
from switchyard.http.models import Field, Shown
from switchyard.http.request import Request
from switchyard.http.surface import Refused, Surface
from switchyard.mcp import protocol
from switchyard.surfaces.followups.surface import DOCS_URL, FOLLOWUPS, error_object

PATH, SEARCH_PATH = "/mcp", "/mcp/search"
METADATA_PATH = "/.well-known/oauth-protected-resource"
#: Any one of them lets a client connect; each tool asks for its own.
TOOL_SCOPES = ("tasks:read", "tasks:write")


class RpcMessage(Shown):
    """One JSON-RPC message: a request (with an id), a notification, or an answer to the server."""

    model_config = {
        "extra": "allow",
        "json_schema_extra": {"anyOf": [{"required": [name]} for name in ("method", "result", "error")]},
    }

    jsonrpc: Literal["2.0"]  #: Version of JSON-RPC.
    #: The client's name for the request, given back in the answer; a message without one is a notification.
    id: Annotated[str, Field(max_length=protocol.ID_MAX)] | int = None  # type: ignore[assignment]
    #: What is asked for: `initialize`, `tools/list`, `tools/call`, `ping` …
    method: str = None  # type: ignore[assignment]
    params: dict[str, Any] = {}  #: The method's arguments: of `tools/call` the tool's `name` and its `arguments`.


class RpcErrorObject(Shown):
    """`data` is the error object of the follow-ups surface where there is one."""

    code: int  #: JSON-RPC's number of the error.
    message: str  #: What went wrong, for people and models.
    data: dict[str, Any] = {}  #: The error in the words of the follow-ups surface, with its stable `code`.


class RpcError(Shown):
    jsonrpc: Literal["2.0"]  #: Version of JSON-RPC.
    id: str | int | None  #: Id of the request; null when it could not be read.
    error: RpcErrorObject  #: Why the message was refused.


class RpcAnswer(Shown):
    """Has a result or an error."""

    jsonrpc: Literal["2.0"]  #: Version of JSON-RPC.
    id: str | int  #: Id of the request that is answered.
    result: dict[str, Any] = {}  #: What the method gives; a tool's failure is a result too, with `isError`.
    #: Why there is no result.
    error: RpcErrorObject = None  # type: ignore[assignment]


class ResourceMetadata(Shown):
    """RFC 9728. Tokens come from the authorization server that is named, or from an administrator of the tenant."""

    resource: str  #: URL of the MCP server.
    authorization_servers: list[str]  #: Who issues tokens for it by OAuth: this server.
    resource_name: str  #: Its name for people.
    resource_documentation: str  #: Where its documents are.
    scopes_supported: list[str]  #: Scopes that a token can have for its tools.
    bearer_methods_supported: list[str]  #: How the token is sent: in the header Authorization.


def _body(refused: Refused) -> dict[str, Any]:
    """Return what is refused before a message is looked at as a JSON-RPC error without an id."""
    code = protocol.INTERNAL_ERROR if refused.status >= 500 else protocol.REFUSED
    return protocol.error_body(None, code, refused.text, error_object(refused))


def _headers(refused: Refused) -> dict[str, str]:
    """A client that may not enter learns where to ask (RFC 9728)."""
    if refused.status == 401:
        return {"www-authenticate": _challenge(refused.request, error="invalid_token")}
    if isinstance(refused.error, MissingScope):
        scope = refused.error.scope
        return {"www-authenticate": _challenge(refused.request, error="insufficient_scope", scope=scope)}
    return {}


def _challenge(request: Request, **parameters: str) -> str:
    parameters["resource_metadata"] = f"{request.base_url}{METADATA_PATH}{_path(request)}"
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parameters.items())


def _path(request: Request) -> str:
    """Return the path of the MCP server that a request, of it or of its metadata, is about."""
    return SEARCH_PATH if request.path.rstrip("/").endswith(SEARCH_PATH) else PATH


def describe(request: Request) -> Reply:
    """Answer with the metadata of the protected resource."""
    metadata = {
        "resource": f"{request.base_url}{_path(request)}",
        "authorization_servers": [request.base_url],
        "resource_name": "Switchyard",
        # RFC 9728 §2: a URL. Clients refuse the whole document for a path.
        "resource_documentation": DOCS_URL if "://" in DOCS_URL else f"{request.base_url}/openapi.json",
        "scopes_supported": sorted(SCOPES.keys() & TOOL_SCOPES),
        "bearer_methods_supported": ["header"],
    }
    return Reply(200, metadata, {"cache-control": "public, max-age=3600"})


def only_post(request: Request) -> Reply:
    """Answer that nothing is streamed and no session is kept: messages are posted, each on its own."""
    text = f"{request.method} is not served here: there are no streams and no sessions. POST each message."
    return Reply(405, protocol.error_body(None, protocol.REFUSED, text), {"allow": "POST"})


MCP = Surface(
    "mcp",
    _body,
    RpcError,
    statuses=FOLLOWUPS.statuses,
    codes=FOLLOWUPS.codes,
    headers=_headers,
    source="mcp",
    workspace_parameter="workspace_id",
)
