"""A surface: its name, and the format of its errors."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from switchyard.domain.errors import SwitchyardError, WrongEncoding
from switchyard.domain.structs import Struct
from switchyard.http.models import Model
from switchyard.http.request import Request
from switchyard.http.statuses import EndpointRefusal, MethodNotAllowed, by_class, status_of

#: Status, headers and body text of an error answer.
Refusal = tuple[int, Mapping[str, str], str]


class Refused(Struct):
    """An error with the status, code and text that a surface has for it: what its body is made of."""

    error: SwitchyardError
    request: Request
    status: int
    code: str
    text: str


def _no_headers(_refused: Refused) -> Mapping[str, str]:
    return {}


def _as_json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False)


class Surface(Struct):
    """One wire API. Its error answers are data: `shape` makes the body, which `error` documents, of type `media`.

    `show_id` is how the surface writes the id of a track.
    `statuses`, `codes` and `texts` override what an error says of itself, by its class or the nearest ancestor there;
    `headers` adds to the common ones, `render` writes a body as text. `source` is what the trail says of how a change
    came in: api, mcp or admin. `workspace_parameter` names a query parameter by which the surface's clients say which
    workspace they mean: it must be the token's.
    """

    name: str
    shape: Callable[[Refused], Mapping[str, Any]]
    error: type[Model] | None = None
    media: str = "application/json"
    statuses: Mapping[type[SwitchyardError], int] = {}
    codes: Mapping[type[SwitchyardError], str] = {}
    texts: Mapping[type[SwitchyardError], str] = {}
    headers: Callable[[Refused], Mapping[str, str]] = _no_headers
    source: str = "api"
    workspace_parameter: str | None = None
    show_id: Callable[[str], str] = str
    render: Callable[[Mapping[str, Any]], str] = _as_json

    # There is one object for each surface, and it is looked up by identity.
    __eq__, __hash__ = object.__eq__, object.__hash__

    def refuse(self, error: SwitchyardError, request: Request) -> Refusal:
        """Return an error answer in the format of this surface."""
        refused = Refused(
            error,
            request,
            by_class(self.statuses, error) or status_of(error),
            by_class(self.codes, error) or error.code,
            by_class(self.texts, error) or error.worded(self.show_id),
        )
        body = error.body if isinstance(error, EndpointRefusal) else self.shape(refused)
        headers = {"content-type": self.media, **_common_headers(refused), **self.headers(refused)}
        if "www-authenticate" in headers:
            headers[REMAPPED_CHALLENGE] = headers["www-authenticate"]
        return refused.status, headers, self.render(body)


#: API Gateway passes WWW-Authenticate on under this name alone ("Known issues", API Gateway developer guide).
#: With both, a client finds the challenge at one place whatever is in front of the function.
REMAPPED_CHALLENGE = "x-amzn-remapped-www-authenticate"


def _common_headers(refused: Refused) -> dict[str, str]:
    """Return the headers that an error needs on every surface."""
    error, headers = refused.error, {}
    if refused.status == 401:
        headers["www-authenticate"] = 'Bearer realm="switchyard", error="invalid_token"'
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, WrongEncoding):
        headers["accept-encoding"] = "identity"  # RFC 9110 §15.5.16
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = ", ".join(error.allowed)
    return headers
