"""CORS as an HTTP API with a CORS configuration has it; MiniStack's own answers belong to its other addresses.

A CORS request carries Origin, a preflight Access-Control-Request-Method too. What a function says of CORS is dropped,
what is configured is added. A preflight is answered by the API itself, unless a route takes it, as $default does.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from ministack.services import apigateway

PREFIX = "access-control-"


def is_preflight(method: str, headers: dict[str, str]) -> bool:
    """Whether a browser asks before it calls."""
    return method == "OPTIONS" and "origin" in headers and f"{PREFIX}request-method" in headers


def preflight_headers(configured: dict, origin: str) -> dict:
    """The preflight headers for an allowed origin; none for another."""
    _, headers, _ = apigateway._cors_preflight_response(configured, origin)
    return {name: value for name, value in headers.items() if name.lower().startswith(PREFIX)}


def with_cors(configured: dict, method: str, sent: dict[str, str], answered: dict) -> dict:
    """The headers of an answer as the client gets them."""
    if not configured:
        return answered
    own = {name: value for name, value in answered.items() if not name.lower().startswith(PREFIX)}
    origin = sent.get("origin", "")
    if is_preflight(method, sent):
        return own | preflight_headers(configured, origin)
    return own | apigateway._cors_response_headers(configured, origin)
