"""What a surface tells the composition: its name, and how it words a refusal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from switchyard.domain.errors import MethodNotAllowed, SwitchyardError
from switchyard.http.request import Request

#: Status, headers and body text of an error answer.
Refusal = tuple[int, Mapping[str, str], str]


@dataclass(frozen=True, slots=True)
class Surface:
    """One wire dialect. `refuse` turns a domain error into the surface's own answer; `error` documents its body.

    `source` is what the trail says of how a change came in: api, mcp or admin. `workspace_parameter` names a query
    parameter by which the surface's clients say which workspace they mean: it must be the token's.
    """

    name: str
    refuse: Callable[[SwitchyardError, Request], Refusal]
    error: type[BaseModel] | None = None
    source: str = "api"
    workspace_parameter: str | None = None


def common_headers(error: SwitchyardError) -> dict[str, str]:
    """Return the headers that an error needs on every surface."""
    headers = {}
    if error.status == 401:
        headers["www-authenticate"] = 'Bearer realm="switchyard", error="invalid_token"'
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = ", ".join(error.allowed)
    return headers
