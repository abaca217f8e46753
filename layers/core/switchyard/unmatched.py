"""$default: what no route of the API matched.

An HTTP API takes no route that ends in "/", yet clients of the projects surface always send the slash and follow no
redirect. So a path with a closing slash is answered by the endpoint's own function, and HEAD by the one for GET.
Anything else is refused in the words of the surface that the path belongs to: 404, or 405 where the path has other
methods. docs/architecture.md says why the function is called and not run in this process.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from switchyard.aws.functions import Functions
from switchyard.domain.errors import Busy, NotFound, SwitchyardError
from switchyard.http.route_table import Route, RouteTable
from switchyard.http.statuses import MethodNotAllowed

Event = Mapping[str, Any]
Response = dict[str, Any]
#: Runs the function with that logical id.
CallFunction = Callable[[str, Event], Response]


@cache
def _functions() -> Functions:
    return Functions.from_environment()


def default_route(routes: Path, call: CallFunction | None = None) -> Callable[[Event, Any], Response]:
    """Return the Lambda handler of $default over the table in a file (functions/service/answer_unmatched)."""

    @cache
    def table() -> RouteTable:
        return RouteTable.read(routes)

    def handler(event: Event, _context: Any) -> Response:
        """Call the endpoint that was meant, or refuse."""
        started = time.perf_counter()
        method, path = event["requestContext"]["http"]["method"], event["rawPath"]
        bare = path[:-1] if path.endswith("/") else path
        found = table().matching(bare)
        meant = found.get("GET" if method == "HEAD" else method)
        try:
            if meant:
                answer = (call or _functions().call)(meant.function, as_matched(event, meant, bare))
                return {**answer, "body": "", "isBase64Encoded": False} if method == "HEAD" else answer
            if method == "OPTIONS" and found:
                request_id = event["requestContext"]["requestId"]
                return {"statusCode": 204, "headers": {"allow": ", ".join(allowed(found)), "x-request-id": request_id}}
            raise MethodNotAllowed(allowed(found)) if found else NotFound("No such path.")
        except (MethodNotAllowed, NotFound, Busy) as error:
            return _refused(error, event, table().surface_of(bare), started)

    return handler


def as_matched(event: Event, route: Route, path: str) -> Event:
    """Return the event that API Gateway would have made for the route; the path stays as it was sent."""
    context = event["requestContext"]
    http = {**context["http"], "method": route.method}
    made = {**event, "routeKey": route.key, "requestContext": {**context, "routeKey": route.key, "http": http}}
    made.pop("pathParameters", None)
    parameters = route.parameters(path.split("/"))
    return {**made, "pathParameters": parameters} if parameters else made


def allowed(found: Mapping[str, Route]) -> tuple[str, ...]:
    """Return the methods of a path, for the header Allow (RFC 9110 §10.2.1)."""
    head = {"HEAD"} if "GET" in found else set()
    return tuple(sorted({*found, *head, "OPTIONS"}))


def _refused(error: SwitchyardError, event: Event, surface: str, started: float) -> Response:
    """Word an error as the surface does, and log it. What that needs is loaded here: most events are passed on."""
    from switchyard.aws.telemetry import logger
    from switchyard.domain.tokens import redacted
    from switchyard.http.request import Request

    request = Request.of(event)
    status, headers, body = surfaces()[surface].refuse(error, request)
    fields = {"operation": "service.answer_unmatched", "status": status, "request_id": request.id, "error": error.code}
    logger.info("request", extra={**fields, "ms": round((time.perf_counter() - started) * 1000, 2)})
    headers = {"x-request-id": request.id, "cache-control": "no-store", **headers}
    return {"statusCode": status, "headers": headers, "body": "" if request.method == "HEAD" else redacted(body)}


@cache
def surfaces() -> dict[str, Any]:
    """Return every surface by its name."""
    from switchyard.http.problems import SERVICE
    from switchyard.mcp.surface import MCP
    from switchyard.surfaces.administration.surface import ADMINISTRATION
    from switchyard.surfaces.audit.surface import AUDIT
    from switchyard.surfaces.console.surface import CONSOLE
    from switchyard.surfaces.followups.surface import FOLLOWUPS
    from switchyard.surfaces.oauth.surface import OAUTH
    from switchyard.surfaces.objectives.surface import OBJECTIVES
    from switchyard.surfaces.planning.surface import PLANNING
    from switchyard.surfaces.pool.surface import POOL
    from switchyard.surfaces.projects.surface import PROJECTS
    from switchyard.surfaces.runs.surface import RUNS
    from switchyard.surfaces.sessions.surface import SESSIONS

    every = [SERVICE, ADMINISTRATION, PLANNING, POOL, RUNS, FOLLOWUPS, OAUTH, OBJECTIVES, PROJECTS, MCP, AUDIT]
    every += [CONSOLE, SESSIONS]
    return {each.name: each for each in every}
